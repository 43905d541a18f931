import { type SentEvent, type SentRecord, structured } from '../../support/events.ts';
import type { Random } from './random.ts';

/** Each becomes a dead letter with a different code. */
const KINDS: readonly ((event: SentEvent) => SentRecord)[] = [
  (event) => ({ ...structured(event), value: null }),
  (event) => ({ ...structured(event), value: '{"specversion": "1.0", "id"' }),
  (event) => ({ ...structured(event), value: Buffer.from([0x7b, 0xff, 0xfe, 0x7d]) }),
  (event) => structured({ ...event, specversion: '0.3' as '1.0' }),
  (event) => structured({ ...event, source: 'urn:example:unknown' }),
  (event) => ({
    ...structured({ ...event, type: 'latchkey.workforce.promoted.v1' }),
    topic: structured(event).topic,
  }),
  (event) => structured({ ...event, data: { verification: event.subject } }),
  (event) => structured({ ...event, time: '2090-01-01T00:00:00Z' }),
];

/** A delivery that must become a dead letter. It has the key of `like`, and another id. */
export function poisonLike(random: Random, like: SentEvent, number: number): SentRecord {
  return random.pick(KINDS)({ ...like, id: `${like.id}-poison-${number}` });
}
