import { z } from 'zod';
import { attributes, dataOf, type Immutable, id, moment, oneOf, remark } from './fields.ts';

export const TIMELINE_MAX_ROWS = 1000;

const immediate = z.boolean('true or false');

export const joined = dataOf({
  engagement: id,
  startsAt: moment,
  endsAt: moment.optional(),
  attributes,
});

export const moved = dataOf({
  engagement: id,
  fact: id.optional(),
  effectiveAt: moment,
  attributes,
});

export const left = dataOf({
  engagement: id,
  endsAt: moment,
  accessEndsAt: moment.optional(),
  immediate: immediate.optional(),
  reason: remark.optional(),
});

export const suspended = dataOf({
  engagement: id,
  effectiveAt: moment,
  reason: remark.optional(),
});

export const resumed = suspended;

const RESCINDS_EXPECTED =
  'exactly one of "start", "end", {fact} and {kind, effectiveAt} with kind "moved", "suspended" or "resumed"';

export const rescinded = dataOf({
  engagement: id,
  rescinds: z.union(
    [
      oneOf(['start', 'end']),
      z.object({ fact: id, kind: z.never().optional() }),
      z.object({
        kind: oneOf(['moved', 'suspended', 'resumed']),
        effectiveAt: moment,
        fact: z.never().optional(),
      }),
    ],
    RESCINDS_EXPECTED,
  ),
});

const TIMELINE_EXPECTED = `an array of at most ${TIMELINE_MAX_ROWS} rows {from, attributes}`;

export const stated = dataOf({
  engagement: id,
  startsAt: moment,
  endsAt: moment.optional(),
  timeline: z
    .array(
      z.object({ from: moment, attributes }, 'an object {from, attributes}'),
      TIMELINE_EXPECTED,
    )
    .max(TIMELINE_MAX_ROWS, TIMELINE_EXPECTED),
});

/** A person starts to work under an engagement. */
export type JoinedData = Immutable<z.infer<typeof joined>>;
/** Attributes of an engagement from a moment on. */
export type MovedData = Immutable<z.infer<typeof moved>>;
/** An engagement ends. */
export type LeftData = Immutable<z.infer<typeof left>>;
/** Work is interrupted. */
export type SuspendedData = Immutable<z.infer<typeof suspended>>;
/** Work continues. */
export type ResumedData = Immutable<z.infer<typeof resumed>>;
/** Something stated earlier is withdrawn. */
export type RescindedData = Immutable<z.infer<typeof rescinded>>;
/** Everything that is known of one engagement; what it does not mention is gone. */
export type StatedData = Immutable<z.infer<typeof stated>>;
