/** What can be known of a JSON text before it is parsed, in one pass over its bytes. */
export interface JsonSurvey {
  /** Levels of objects and arrays within each other. */
  readonly depth: number;
  /** Members of all objects, if the text is JSON. */
  readonly members: number;
  /** Whether there may be a number that does not survive: one of 15 or more characters, or with an exponent. */
  readonly longNumbers: boolean;
}

/** Up to so many digits a decimal number becomes a double and back unchanged. */
const EXACT_DIGITS = 15;

// Kinds of bytes; every other byte is 0.
const QUOTE = 1;
const OPEN = 2;
const CLOSE = 3;
const COLON = 4;
const DIGIT = 5;
const EXPONENT = 6;
const KIND_OF_BYTE = new Uint8Array(256);
const BACKSLASH = 0x5c;
const QUOTATION_MARK = 0x22;

for (const [characters, kind] of [
  ['"', QUOTE],
  ['{[', OPEN],
  ['}]', CLOSE],
  [':', COLON],
  ['0123456789.', DIGIT],
  ['eE', EXPONENT],
] as const) {
  for (const character of characters) KIND_OF_BYTE[character.charCodeAt(0)] = kind;
}

/** Linear in the bytes, whatever they are; of what is no JSON text only the depth means something. */
export function surveyJson(bytes: Buffer): JsonSurvey {
  let depth = 0;
  let deepest = 0;
  let members = 0;
  let digits = 0;
  let longNumbers = false;
  for (let at = 0; at < bytes.length; at += 1) {
    const kind = KIND_OF_BYTE[bytes[at] ?? 0];
    if (kind === QUOTE) at = endOfString(bytes, at);
    else if (kind === COLON) members += 1;
    else if (kind === OPEN) deepest = Math.max(deepest, (depth += 1));
    else if (kind === CLOSE) depth -= 1;
    longNumbers ||= isLong(digits, kind);
    digits = kind === DIGIT ? digits + 1 : 0;
  }
  longNumbers ||= isLong(digits);
  return { depth: deepest, members, longNumbers };
}

function isLong(digits: number, following?: number): boolean {
  return digits >= (following === EXPONENT ? 1 : EXACT_DIGITS);
}

function endOfString(bytes: Buffer, start: number): number {
  let at = start + 1;
  while (at < bytes.length && bytes[at] !== QUOTATION_MARK) at += bytes[at] === BACKSLASH ? 2 : 1;
  return at;
}
