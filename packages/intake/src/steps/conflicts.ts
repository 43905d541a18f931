import type { NewConflict } from '@latchkey/postgres';
import type { ClaimResult } from './claim.ts';
import type { KafkaOrigin, ReadDelivery } from './delivery.ts';

interface Contradiction {
  readonly eventId: string;
  readonly fingerprint: Buffer;
  readonly body: Buffer | null;
  readonly origin: KafkaOrigin;
}

/** One conflict for each different content of an event id, with how often it came. A redriven delivery is kept already. */
export function conflictsOf(
  deliveries: readonly ReadDelivery[],
  results: readonly ClaimResult[],
): readonly NewConflict[] {
  const contradictions = deliveries.flatMap(({ delivery, origin }, index): Contradiction[] => {
    const result = results[index];
    if (result?.kind !== 'conflict' || origin.kind !== 'kafka') return [];
    const { eventId, fingerprint } = result;
    return [{ eventId, fingerprint, body: delivery.value, origin }];
  });
  const groups = Map.groupBy(
    contradictions,
    ({ eventId, fingerprint }) => `${eventId}\n${fingerprint.toString('hex')}`,
  );
  return [...groups.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return [];
    const { eventId, fingerprint, body, origin } = first;
    const { topic, partition, offset } = origin;
    return [{ eventId, fingerprint, body, topic, partition, offset, count: 1 + others.length }];
  });
}
