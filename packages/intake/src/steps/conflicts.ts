import type { NewConflict } from '@latchkey/postgres';
import type { ClaimResult } from './claim.ts';
import { type KafkaOrigin, type ReadDelivery, recordToKeep } from './delivery.ts';

interface Contradiction {
  readonly eventId: string;
  readonly fingerprint: Buffer;
  readonly body: Buffer | null;
  readonly record: KafkaOrigin;
}

/** One conflict for each different content of an event id, with how often it came. A redriven delivery is kept already. */
export function conflictsOf(
  deliveries: readonly ReadDelivery[],
  results: readonly ClaimResult[],
): readonly NewConflict[] {
  const contradictions = deliveries.flatMap(({ delivery, origin }, index): Contradiction[] => {
    const result = results[index];
    const record = recordToKeep(origin);
    if (result?.kind !== 'conflict' || record === undefined) return [];
    const { eventId, fingerprint } = result;
    return [{ eventId, fingerprint, body: delivery.value, record }];
  });
  const groups = Map.groupBy(
    contradictions,
    ({ eventId, fingerprint }) => `${eventId}\n${fingerprint.toString('hex')}`,
  );
  return [...groups.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return [];
    const { eventId, fingerprint, body, record } = first;
    const { topic, partition, offset } = record;
    return [{ eventId, fingerprint, body, topic, partition, offset, count: 1 + others.length }];
  });
}
