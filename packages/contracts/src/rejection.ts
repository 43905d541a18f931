import { type DeadLetterCode } from './failure.ts';

/** Why a delivery is a dead letter. Holds nothing that was sent, apart from names of members in `field`. */
export interface Rejection {
  readonly code: DeadLetterCode;
  /** A path such as `data.startsAt`, an attribute of the envelope, or `value`, `key`, `headers`. */
  readonly field: string | undefined;
  /** What was expected; never the value that came. At most 300 characters, no control characters. */
  readonly cause: string;
}

const FIELD_MAX_CHARACTERS = 256;
/** Control characters, what turns the direction of text, and halves of surrogate pairs. */
const NOT_FOR_PEOPLE = /[\p{Control}\p{Bidi_Control}\p{Surrogate}]/gu;

/** A path for people, never empty; the names in it may come from a hostile sender. */
export function fieldOf(path: readonly PropertyKey[]): string {
  const field = path.slice(0, FIELD_MAX_CHARACTERS).map(String).join('.');
  return field.slice(0, FIELD_MAX_CHARACTERS).replace(NOT_FOR_PEOPLE, '?') || 'value';
}
