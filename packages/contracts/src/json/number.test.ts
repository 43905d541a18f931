import fc from 'fast-check';
import { expect, test } from 'vitest';
import { InexactNumber } from './number.ts';
import { openJson } from './text.ts';

function opened(text: string): unknown {
  const json = openJson(Buffer.from(text));
  return json.kind === 'json' ? json.value : json.code;
}

test.each([
  [
    '[-9007199254740993, "\u00e9", 1e400]',
    [new InexactNumber('-9007199254740993'), '\u00e9', new InexactNumber('1e400')],
  ],
  ['{"__proto__":1e-400}', Object.fromEntries([['__proto__', new InexactNumber('1e-400')]])],
  ['0.30000000000000000000', 0.3],
  ['"9007199254740993"', '9007199254740993'],
  ['"\\"9007199254740993"', '"9007199254740993'],
  ['1E2', 100],
  ['[1e15,1e16,12345678901234e1]', [1e15, new InexactNumber('1e16'), 123456789012340]],
])('%s', (text, value) => {
  expect(opened(text)).toEqual(value);
});

test.each([
  '{9007199254740993:1}',
  '{"a":{1e400:1}}',
  '1e400"a"',
  '"a"1e400',
  '--9007199254740993',
  '1-9007199254740993',
  '09007199254740993',
  '9007199254740993.',
  '9007199254740993e',
  '9007199254740993e+',
  '9007199254740993x',
  '9007199254740993 9007199254740993',
  '+9007199254740993',
  '.9007199254740993',
])('%s is no JSON', (text) => {
  expect(opened(text)).toBe('NOT_JSON');
});

/** The exact value of a number: 1,000 digits before and after the point are enough for what is drawn. */
function exactly(written: string): bigint {
  const [mantissa = '', power = '0'] = written.toLowerCase().split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const shift = 1_000 + Number(power) - fraction.length;
  return BigInt(whole + fraction) * 10n ** BigInt(shift);
}

test('a number either survives to its last digit or is kept as it was written', () => {
  const digits = fc.stringMatching(/^(0|[1-9][0-9]{0,20})$/);
  const fraction = fc.option(fc.stringMatching(/^[0-9]{1,20}$/));
  const exponent = fc.option(fc.integer({ min: -420, max: 420 }));
  fc.assert(
    fc.property(fc.boolean(), digits, fraction, exponent, (isNegative, whole, behind, power) => {
      const sign = isNegative ? '-' : '';
      const written = `${sign}${whole}${behind === null ? '' : `.${behind}`}${power === null ? '' : `e${power}`}`;
      const value = opened(`[${written}]`) as readonly unknown[];
      const [number] = value;
      if (number instanceof InexactNumber) expect(number.digits).toBe(written);
      else expect(exactly(String(number))).toBe(exactly(written));
    }),
    { numRuns: 5_000 },
  );
});
