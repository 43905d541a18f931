import { derivedId } from '@latchkey/contracts';
import type { NewDeadLetter } from '@latchkey/postgres';
import type { Changes, Effect } from './changes.ts';
import type { RefusedDelivery } from './claim.ts';

/** The changes that make dead letters of refused deliveries: raw bytes, code and coordinates kept. */
export function deadLetterChanges(
  refused: readonly RefusedDelivery[],
  nowMs: number,
): Partial<Changes> {
  const letters = refused.map((one) => ({ one, letter: letterOf(one) }));
  return {
    deadLetters: letters.map(({ letter }) => letter),
    effects: letters.map(({ letter }) => deadLetteredEffect(letter, 1, nowMs)),
    claims: letters.flatMap(({ one, letter }) =>
      one.claimed && letter.eventId !== undefined
        ? [
            {
              eventId: letter.eventId,
              disposition: 'dead_letter' as const,
              outcome: JSON.stringify({ code: letter.code, deadLetter: letter.id }),
            },
          ]
        : [],
    ),
  };
}

/** Says that a delivery was given up: where it is, and never what it said. */
export function deadLetteredEffect(
  letter: Omit<NewDeadLetter, 'key' | 'raw' | 'headers' | 'field' | 'cause'>,
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

function letterOf(refused: RefusedDelivery): NewDeadLetter {
  const { delivery, origin, rejection, eventId, source, type } = refused;
  const { topic, partition, epoch } = origin;
  const { offset, key, value: raw, headers, takenAtMs } = delivery;
  return {
    id: derivedId('dead-letter', topic, String(partition), String(epoch), String(offset)),
    ...rejection,
    topic,
    partition,
    epoch,
    offset,
    eventId,
    source,
    type,
    key,
    raw,
    headers: JSON.stringify(headers.map(([name, bytes]) => [name, bytes.toString('base64')])),
    takenAtMs,
  };
}
