import type { Attributes } from '@latchkey/contracts';
import type { SentEvent } from '../../support/events.ts';
import { hashOf } from './permutation.ts';

/** An event that gets its id where it takes its place among the others. */
export type Unnumbered = Omit<SentEvent, 'id'> & { readonly data: object };

/** What an envelope and the shortest data take. */
const WITHOUT_PADDING_BYTES = 450;
/** Of one attribute. */
const TEXT_MAX_CHARACTERS = 1_000;
const PROSE =
  'Reports to the regional lead, keeps the badge of the main building, works from home on two days. ';

/** With free text behind them, as the exports of personnel systems have it, until the event is about so large. */
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

/** So many characters of text. */
export function proseOf(length: number): string {
  return PROSE.repeat(Math.ceil(length / PROSE.length)).slice(0, length);
}

/** How much text makes an event of this size of one without. */
export function paddingOf(payloadBytes: number | undefined): string | undefined {
  const missing = (payloadBytes ?? 0) - WITHOUT_PADDING_BYTES;
  return missing > 0 ? proseOf(missing) : undefined;
}

/** The trace in which an event was sent, as most producers add it nowadays. */
export function traceparentOf(seed: number, about: number, step: number): string {
  const part = (salt: number): string =>
    hashOf(seed + step, about, salt)
      .toString(16)
      .padStart(8, '1');
  return `00-${part(31)}${part(32)}${part(33)}${part(34)}-${part(35)}${part(36)}-01`;
}
