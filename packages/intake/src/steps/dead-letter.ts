import { derivedId } from '@latchkey/contracts';
import type { NewDeadLetter, SettledClaim } from '@latchkey/postgres';
import type { Changes, Effect } from './changes.ts';
import type { ClaimResult, Refused } from './claim.ts';
import { type KafkaOrigin, type ReadDelivery, recordToKeep } from './delivery.ts';

/** A dead letter to be made, and the event id that it has claimed. */
interface Letter {
  readonly letter: NewDeadLetter;
  readonly claimed: string | undefined;
}

/**
 * The changes that make dead letters of refused deliveries: raw bytes, code and coordinates are kept. A redriven
 * delivery is a dead letter already.
 */
export function deadLetterChanges(
  deliveries: readonly ReadDelivery[],
  results: readonly ClaimResult[],
  nowMs: number,
): Partial<Changes> {
  const letters = deliveries.flatMap((one, index): Letter[] => {
    const result = results[index];
    const record = recordToKeep(one.origin);
    if (result?.kind !== 'refused' || record === undefined) return [];
    return [{ letter: letterOf(one, record, result), claimed: result.claimed }];
  });
  if (letters.length === 0) return {};
  return {
    deadLetters: letters.map(({ letter }) => letter),
    effects: letters.map(({ letter }) => deadLetteredEffect(letter, 1, nowMs)),
    claims: letters.flatMap(({ claimed }): SettledClaim[] =>
      claimed === undefined ? [] : [{ eventId: claimed, disposition: 'dead_letter' }],
    ),
  };
}

/** What is published of a dead letter: its coordinates, never its content. */
export type AnnouncedLetter = Pick<
  NewDeadLetter,
  'id' | 'code' | 'topic' | 'partition' | 'offset' | 'eventId' | 'source' | 'type'
>;

/** The message that a delivery was given up, for the `attempts`-th time. */
export function deadLetteredEffect(
  letter: AnnouncedLetter,
  attempts: number,
  nowMs: number,
): Effect {
  const { id, code, topic, partition, offset, eventId, source, type } = letter;
  return {
    type: 'latchkey.delivery.dead-lettered.v1',
    key: id,
    object: id,
    generation: BigInt(attempts),
    decidedAtMs: nowMs,
    traceparent: undefined,
    tracestate: undefined,
    data: {
      deadLetter: id,
      code,
      topic,
      partition,
      offset: Number(offset),
      ...(eventId === undefined ? {} : { eventId }),
      ...(source === undefined ? {} : { source }),
      ...(type === undefined ? {} : { type }),
      attempts,
      at: new Date(nowMs).toISOString(),
    },
  };
}

/** The id, source and type that a delivery states, as far as they are valid. */
export function labelsOf({ read }: Pick<ReadDelivery, 'read'>): {
  readonly eventId: string | undefined;
  readonly source: string | undefined;
  readonly type: string | undefined;
} {
  const { eventId, source, type } = read.kind === 'event' ? read.event : read;
  return { eventId, source, type };
}

function letterOf(
  one: ReadDelivery,
  { topic, partition, epoch, offset }: KafkaOrigin,
  { rejection }: Refused,
): NewDeadLetter {
  const { key, value: raw, headers, takenAtMs } = one.delivery;
  return {
    id: derivedId('dead-letter', topic, String(partition), String(epoch), String(offset)),
    ...rejection,
    topic,
    partition,
    epoch,
    offset,
    ...labelsOf(one),
    key,
    raw,
    headers: JSON.stringify(headers.map(([name, bytes]) => [name, bytes.toString('base64')])),
    takenAtMs,
  };
}
