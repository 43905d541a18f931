import { type NumberSpan } from './number.ts';

/** What can be known of a JSON text before it is parsed, in one pass over its bytes. */
export interface JsonSurvey {
  /** Levels of objects and arrays within each other. */
  readonly depth: number;
  /** Members of all objects, if the text is JSON. */
  readonly members: number;
  /** Numbers that perhaps do not survive: of 15 or more characters, or with an exponent that is not small. */
  readonly doubtful: readonly NumberSpan[];
}

/** A decimal number of at most so many digits survives the way to a double and back. */
const EXACT_DIGITS = 15;
/** Unless it is too small: 10^-308 is the least with all its digits. */
const EXACT_POWER = 200;

// Kinds of bytes; every other byte is 0.
const QUOTE = 1;
const OPEN = 2;
const CLOSE = 3;
const COLON = 4;
const DIGIT = 5;
const IN_NUMBER = 6;
const KIND_OF_BYTE = new Uint8Array(256);
const BACKSLASH = 0x5c;
const QUOTATION_MARK = 0x22;
const MINUS = 0x2d;
const PLUS = 0x2b;
const ZERO = 0x30;
/** Of an `E`; that of an `e` has one bit more. */
const EXPONENT = 0x45;
const CASE_BIT = 0x20;

for (const [characters, kind] of [
  ['"', QUOTE],
  ['{[', OPEN],
  ['}]', CLOSE],
  [':', COLON],
  ['0123456789', DIGIT],
  ['.+-eE', IN_NUMBER],
] as const) {
  for (const character of characters) KIND_OF_BYTE[character.charCodeAt(0)] = kind;
}

/** Linear in the number of bytes. Where the text is no JSON, only the depth is meaningful. */
export function surveyJson(bytes: Buffer): JsonSurvey {
  let depth = 0;
  let deepest = 0;
  let members = 0;
  const doubtful: NumberSpan[] = [];
  for (let at = 0; at < bytes.length; at += 1) {
    const kind = KIND_OF_BYTE[bytes[at] ?? 0];
    if (kind === QUOTE) at = endOfString(bytes, at);
    else if (kind === COLON) members += 1;
    else if (kind === OPEN) deepest = Math.max(deepest, (depth += 1));
    else if (kind === CLOSE) depth -= 1;
    else if (kind === DIGIT) {
      const end = endOfNumber(bytes, at);
      if (isDoubtful(bytes, at, end)) doubtful.push(spanOf(bytes, at, end));
      at = end - 1;
    }
  }
  return { depth: deepest, members, doubtful };
}

function endOfString(bytes: Buffer, start: number): number {
  let at = start + 1;
  while (at < bytes.length && bytes[at] !== QUOTATION_MARK) at += bytes[at] === BACKSLASH ? 2 : 1;
  return at;
}

function endOfNumber(bytes: Buffer, start: number): number {
  let at = start + 1;
  while ((KIND_OF_BYTE[bytes[at] ?? 0] ?? 0) >= DIGIT) at += 1;
  return at;
}

function spanOf(bytes: Buffer, start: number, end: number): NumberSpan {
  return { start: bytes[start - 1] === MINUS ? start - 1 : start, end };
}

function isDoubtful(bytes: Buffer, start: number, end: number): boolean {
  if (end - start >= EXACT_DIGITS) return true;
  for (let at = start + 1; at < end; at += 1) {
    if (((bytes[at] ?? 0) & ~CASE_BIT) === EXPONENT) return isFarPower(bytes, start, at, end);
  }
  return false;
}

/** Whether a short number with an exponent may be beyond 10^15 or below 10^-200. */
function isFarPower(bytes: Buffer, start: number, exponentAt: number, end: number): boolean {
  const sign = bytes[exponentAt + 1];
  let power = 0;
  for (let at = exponentAt + (sign === MINUS || sign === PLUS ? 2 : 1); at < end; at += 1) {
    power = power * 10 + (bytes[at] ?? 0) - ZERO;
  }
  return sign === MINUS ? power > EXACT_POWER : exponentAt - start + power > EXACT_DIGITS;
}
