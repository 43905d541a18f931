import { type BatchDelivery, takenAtOf } from '@latchkey/intake';
import type { KafkaMessage } from 'kafkajs';

/** A message as kafkajs gives it, for intake. */
export function deliveryOf({
  key,
  value,
  headers = {},
  offset,
  timestamp,
}: KafkaMessage): BatchDelivery {
  return {
    offset: BigInt(offset),
    takenAtMs: takenAtOf(Number(timestamp)),
    key,
    value,
    headers: Object.entries(headers).map(([name, text]) => [name, Buffer.from(String(text))]),
  };
}
