import fc from 'fast-check';
import { expect, test } from 'vitest';
import { InexactNumber } from './number.ts';
import { JSON_MAX_LEVELS, openJson } from './text.ts';

function open(text: string) {
  return openJson(Buffer.from(text));
}

function nested(levels: number): string {
  return '['.repeat(levels) + ']'.repeat(levels);
}

test('a JSON text is opened as JSON.parse reads it', () => {
  const anyNumber = fc.double({
    min: -Number.MAX_SAFE_INTEGER,
    max: Number.MAX_SAFE_INTEGER,
    noNaN: true,
  });
  const anyValue = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      fc.string({ unit: 'binary' }),
      anyNumber,
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('value')),
      fc.dictionary(fc.string({ unit: 'binary' }), tie('value')),
    ),
  })).value;

  fc.assert(
    fc.property(anyValue, fc.nat(3), (value, indent) => {
      const text = JSON.stringify(value, undefined, indent);

      expect(open(text)).toMatchObject({ kind: 'json', value: JSON.parse(text) as unknown });
    }),
    { numRuns: 300 },
  );
});

test('it is total: any bytes are either opened or refused', () => {
  const looksLikeJson = fc
    .array(fc.constantFrom('{', '}', '[', ']', ',', ':', '"', '\\', 'u00', '1e', '-', '.9', 'null'))
    .map((parts) => Buffer.from(parts.join('')));
  const anyBytes = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));

  fc.assert(
    fc.property(fc.oneof(looksLikeJson, anyBytes), (bytes) => {
      expect(['json', 'refused']).toContain(openJson(bytes).kind);
    }),
    { numRuns: 1000 },
  );
});

test.each([
  [nested(JSON_MAX_LEVELS), 'json'],
  [`{"a":"${'['.repeat(100)}","b":"\\"${'{'.repeat(100)}"}`, 'json'],
])('brackets within the limit, or within texts, are opened', (text, kind) => {
  expect(open(text).kind).toBe(kind);
});

test.each([
  [nested(JSON_MAX_LEVELS + 1)],
  [nested(100_000)],
  ['['.repeat(200_000)],
  ['{"a":'.repeat(40_000)],
])('what is nested deeper is refused before it is parsed', (text) => {
  expect(open(text)).toMatchObject({ kind: 'refused', code: 'TOO_DEEP' });
});

test.each([
  [Buffer.from([0x22, 0xff, 0x22])],
  [Buffer.from([0x22, 0xc0, 0x80, 0x22])],
  [Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])],
  [Buffer.from([0x22, 0xe2, 0x82])],
  [Buffer.from('"ä"', 'latin1')],
  [Buffer.from('{"a":1}', 'utf16le')],
])('%j is not UTF-8, or not JSON in it', (bytes) => {
  expect(['NOT_UTF8', 'NOT_JSON']).toContain((openJson(bytes) as { code?: string }).code);
});

test.each([
  '',
  ' ',
  '{',
  '{"a":1,}',
  "{'a':1}",
  'NaN',
  '01',
  '"\n"',
  '1 2',
  '\ufeff{}',
  'undefined',
])('%j is not JSON', (text) => {
  expect(open(text)).toMatchObject({ kind: 'refused', code: 'NOT_JSON' });
});

test.each([
  '{"a":1,"a":1}',
  '{"a":1,"\\u0061":2}',
  '{"x":[{"b":{},"b":{}}]}',
  '{"__proto__":1,"__proto__":2}',
])('%s has a member twice', (text) => {
  expect(open(text)).toMatchObject({ kind: 'refused', code: 'NOT_JSON' });
});

test.each([
  '9007199254740991',
  '-9007199254740991',
  '0.1',
  '-0',
  '0e0',
  '0.000000000000000000001',
  '1e3',
  '1.50e2',
  '100000000000000.10',
  '123456789.0123456',
  '5e-324',
  '0e99999999999999999999',
])('%s survives', (text) => {
  expect(open(`[${text}]`)).toMatchObject({ kind: 'json', value: [JSON.parse(text) as unknown] });
});

test.each([
  '9007199254740992',
  '9007199254740993',
  '-9007199254740992',
  '1e400',
  '-1e400',
  '1e21',
  '1e-400',
  '4e-324',
  '0.12345678901234567890',
  '3.14159265358979323846',
  `0.${'0'.repeat(500)}1`,
])('%s does not survive, and is kept as it was written', (text) => {
  expect(open(`{"n":[${text}]}`)).toEqual({
    kind: 'json',
    value: { n: [new InexactNumber(text)] },
    suspect: true,
  });
});

test('a number that is the whole text is checked too', () => {
  expect(open('9007199254740993')).toMatchObject({ value: new InexactNumber('9007199254740993') });
});

test.each([
  ['{"a":"\\u0000"}', true],
  ['{"\\u005f_proto__":1}', true],
  ['{"constructor":1}', true],
  ['{"n":123456789012345678}', true],
  ['{"a":"plain \\n","b":123}', false],
])('%s is suspect: %s', (text, suspect) => {
  expect(open(text)).toMatchObject({ kind: 'json', suspect });
});

test('members named like inherited ones are members, and nothing else changes', () => {
  const opened = open('{"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}}}');

  expect(opened).toMatchObject({ kind: 'json' });
  expect(Object.hasOwn((opened as { value: object }).value, '__proto__')).toBe(true);
  expect(({} as Record<string, unknown>).admin).toBeUndefined();
});
