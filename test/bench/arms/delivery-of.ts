import { type BatchDelivery, clampStampMs } from '@latchkey/intake';
import type { KafkaMessage } from 'kafkajs';

/** Converts a message of kafkajs to a delivery. */
export function deliveryOf({
  key,
  value,
  headers = {},
  offset,
  timestamp,
}: KafkaMessage): BatchDelivery {
  return {
    offset: BigInt(offset),
    takenAtMs: clampStampMs(Number(timestamp)),
    key,
    value,
    headers: Object.entries(headers).map(([name, text]) => [name, Buffer.from(String(text))]),
  };
}
