import { hash } from 'node:crypto';

/** A number in a JSON text that JavaScript would round or that is beyond ±(2^53 − 1). */
export class InexactNumber {
  /** As it was written. */
  readonly digits: string;

  constructor(digits: string) {
    this.digits = digits;
  }
}

/** Where a number is in a text, in bytes: from its sign to the first byte after it. */
export interface NumberSpan {
  readonly start: number;
  readonly end: number;
}

const JSON_NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;

/** Those of the numbers that would not survive. What is no number at all is left for the parser to find. */
export function inexactAmong(bytes: Buffer, spans: readonly NumberSpan[]): readonly NumberSpan[] {
  return spans.filter(({ start, end }) => {
    const written = bytes.toString('latin1', start, end);
    return JSON_NUMBER.test(written) && !isExact(Number(written), written);
  });
}

/**
 * The value of a JSON text of which these numbers do not survive: there it has `InexactNumber`s. Undefined where it
 * is no JSON text.
 *
 * They are parsed as texts and then replaced: a reviver, which gets the text of a number, needs 50 ms
 * for 256 KiB. The prefix of such a text depends on the whole text, so no sender can forge one.
 *
 * @throws SyntaxError when it is no JSON text, too
 */
export function parseKeepingDigits(bytes: Buffer, inexact: readonly NumberSpan[]): unknown {
  const mark = hash('sha256', bytes, 'base64').slice(0, MARK_CHARACTERS);
  const marked = Buffer.alloc(bytes.length + inexact.length * (MARK_CHARACTERS + 2));
  let from = 0;
  let to = 0;
  for (const { start, end } of inexact) {
    to += bytes.copy(marked, to, from, start);
    to += marked.write(`"${mark}`, to, 'latin1');
    to += bytes.copy(marked, to, start, end);
    to += marked.write('"', to, 'latin1');
    from = end;
  }
  bytes.copy(marked, to, from);
  return restore(JSON.parse(marked.toString()), mark);
}

/** 132 bits: a text of many numbers grows by so much for each. */
const MARK_CHARACTERS = 22;

/** In place. Undefined where a number is the name of a member. */
function restore(value: unknown, mark: string): unknown {
  if (typeof value === 'string' && value.startsWith(mark)) {
    return new InexactNumber(value.slice(mark.length));
  }
  if (typeof value !== 'object' || value === null) return value;
  return Array.isArray(value) ? restoreAmong(value, mark) : restoreMembers(value, mark);
}

/** Without names for them: there may be 100,000. */
function restoreAmong(values: unknown[], mark: string): unknown {
  for (const [index, before] of values.entries()) {
    const after = restore(before, mark);
    if (after === undefined) return undefined;
    if (after !== before) values[index] = after;
  }
  return values;
}

function restoreMembers(value: object, mark: string): unknown {
  const members = value as Record<string, unknown>;
  for (const name of Object.keys(members)) {
    if (name.startsWith(mark)) return undefined;
    const before = members[name];
    const after = restore(before, mark);
    if (after === undefined) return undefined;
    if (after !== before) members[name] = after;
  }
  return value;
}

function isExact(value: number, written: string): boolean {
  if (!(Math.abs(value) <= Number.MAX_SAFE_INTEGER)) return false;
  return decimalOf(written) === decimalOf(String(value));
}

/** One text for each decimal value, without its sign: its digits without zeros at either end, and a power of ten. */
function decimalOf(written: string): string {
  const [mantissa = '', exponent = '0'] = written.toLowerCase().split('e');
  const [whole = '', fraction = ''] = mantissa.replace('-', '').split('.');
  const digits = (whole + fraction).replace(/^0+/, '');
  const significant = trimZeros(digits);
  if (significant === '') return '0';
  const power = Number(exponent) - fraction.length + digits.length - significant.length;
  return `${significant}e${power}`;
}

/** Not by a regular expression: `/0+$/` is quadratic in runs of zeros that end in another digit. */
function trimZeros(digits: string): string {
  let end = digits.length;
  while (end > 0 && digits[end - 1] === '0') end -= 1;
  return digits.slice(0, end);
}
