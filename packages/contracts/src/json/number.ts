/** A number in a JSON text that JavaScript would round or that lies beyond ±(2^53 − 1). */
export class InexactNumber {
  /** As it was written. */
  readonly digits: string;

  constructor(digits: string) {
    this.digits = digits;
  }
}

/** `JSON.parse` as of ES2026, which hands the reviver the text of each number; Node has it since 21. */
const parseWithSource = JSON.parse as (
  text: string,
  reviver: (name: string, value: unknown, context: { readonly source?: string }) => unknown,
) => unknown;

/**
 * As `JSON.parse`, but with an `InexactNumber` where a number would not survive.
 * Takes several times as long: meant for texts in which a survey has seen long numbers.
 *
 * @throws SyntaxError when `text` is no JSON text
 */
export function parseKeepingDigits(text: string): unknown {
  return parseWithSource(text, (_name, value, { source }) => {
    if (typeof value !== 'number' || source === undefined) return value;
    return isExact(value, source) ? value : new InexactNumber(source);
  });
}

/** A decimal number of up to 15 digits becomes a double and back unchanged, unless it is too small for one. */
const EXACT_CHARACTERS = 15;
const SMALLEST_EXACT = 1e-300;

/** Texts are compared only where they must be: a body holds up to 65,000 numbers with an exponent. */
function isExact(value: number, written: string): boolean {
  const magnitude = Math.abs(value);
  if (!(magnitude <= Number.MAX_SAFE_INTEGER)) return false;
  if (written.length <= EXACT_CHARACTERS && magnitude >= SMALLEST_EXACT) return true;
  return decimalOf(written) === decimalOf(String(value));
}

/** One text for each decimal value, whatever its sign: its digits without zeros at either end, and a power of ten. */
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
