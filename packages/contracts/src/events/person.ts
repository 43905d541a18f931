import { type z } from 'zod';
import { dataOf, type Immutable, id, person, remark } from './fields.ts';

/** Without `person` it is about the subject of the event, as the event's source knows it. */
export const blocked = dataOf({
  person: person.optional(),
  reason: remark,
  incident: id.optional(),
});

export const released = blocked;

/** Access is off, regardless of the employment facts, until the same source releases the same incident. */
export type BlockedData = Immutable<z.infer<typeof blocked>>;
/** Ends an older block of the same source and incident. */
export type ReleasedData = Immutable<z.infer<typeof released>>;
