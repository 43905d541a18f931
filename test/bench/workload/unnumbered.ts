import type { Attributes } from '@latchkey/contracts';
import type { SentEvent } from '../../support/events.ts';
import { hashOf } from './permutation.ts';

/** An event without id; its position in the feed determines the id. */
export type Unnumbered = Omit<SentEvent, 'id'> & { readonly data: object };

/** Size of an envelope with the shortest data. */
const WITHOUT_PADDING_BYTES = 450;
/** Length of one padding attribute. */
const TEXT_MAX_CHARACTERS = 1_000;
const PROSE =
  'Reports to the regional lead, keeps the badge of the main building, works from home on two days. ';

/** Adds free text attributes, as in exports of HR systems, until the event has about this size. */
export function paddedAttributes(
  attributes: Attributes,
  payloadBytes: number | undefined,
): Attributes {
  const missing = (payloadBytes ?? 0) - WITHOUT_PADDING_BYTES;
  if (missing <= 0) return attributes;
  const count = Math.ceil(missing / TEXT_MAX_CHARACTERS);
  const remarks = Array.from({ length: count }, (_, index) => {
    const length = Math.min(TEXT_MAX_CHARACTERS, missing - index * TEXT_MAX_CHARACTERS);
    return [`remark${index}`, proseOf(length)] as const;
  });
  return { ...attributes, ...Object.fromEntries(remarks) };
}

/** Text of this length. */
export function proseOf(length: number): string {
  return PROSE.repeat(Math.ceil(length / PROSE.length)).slice(0, length);
}

/** Padding text for an event of this size; undefined if none is needed. */
export function paddingOf(payloadBytes: number | undefined): string | undefined {
  const missing = (payloadBytes ?? 0) - WITHOUT_PADDING_BYTES;
  return missing > 0 ? proseOf(missing) : undefined;
}

/** A `traceparent`, as most producers send one. */
export function traceparentOf(seed: number, about: number, step: number): string {
  const part = (salt: number): string =>
    hashOf(seed + step, about, salt)
      .toString(16)
      .padStart(8, '1');
  return `00-${part(31)}${part(32)}${part(33)}${part(34)}-${part(35)}${part(36)}-01`;
}
