import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson } from './canonical.ts';
import { InexactNumber } from './number.ts';

const anyText = fc.string({ unit: 'binary' });

test('it agrees with the reference implementation of RFC 8785', () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'binary', depthSize: 'medium' }), (value) => {
      expect(canonicalJson(value)).toBe(canonicalize(value));
    }),
    { numRuns: 500 },
  );
});

test('it agrees with the reference implementation on objects of many members', () => {
  const anyObject = fc.dictionary(anyText, fc.double({ noNaN: true, noDefaultInfinity: true }), {
    minKeys: 20,
    maxKeys: 60,
  });

  fc.assert(
    fc.property(anyObject, (value) => {
      expect(canonicalJson(value)).toBe(canonicalize(value));
    }),
  );
});

test('it neither depends on the order of members nor changes what is read', () => {
  fc.assert(
    fc.property(fc.dictionary(anyText, fc.jsonValue()), (value) => {
      const reversed = Object.fromEntries(Object.entries(value).reverse());

      expect(canonicalJson(reversed)).toBe(canonicalJson(value));
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

// RFC 8785, section 3.2.2 and 3.2.3.
test('it writes the example of the RFC', () => {
  const value = {
    numbers: [333333333.33333329, 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
    string: '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"/',
    literals: [null, true, false],
  };

  expect(canonicalJson(value)).toBe(
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
      '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  );
});

test('members are sorted by UTF-16 code units, and numbers among the names as text', () => {
  const value = {
    '\u20ac': 1,
    '\r': 2,
    '\ufb33': 3,
    '1': 4,
    '\ud83d\ude00': 5,
    '\u0080': 6,
    '10': 7,
  };

  expect(canonicalJson(value)).toBe(
    '{"\\r":2,"1":4,"10":7,"\u0080":6,"\u20ac":1,"\ud83d\ude00":5,"\ufb33":3}',
  );
});

test('what is undefined is left out, and zero has no sign', () => {
  expect(canonicalJson({ b: -0, a: undefined })).toBe('{"b":0}');
});

test('refused content can be written too', () => {
  expect(canonicalJson(['\ud800', new InexactNumber('9007199254740993')])).toBe(
    '["\\ud800",9007199254740993]',
  );
  expect(canonicalJson(JSON.parse('{"__proto__":{"x":1}}'))).toBe('{"__proto__":{"x":1}}');
});

test.each([[undefined], [Number.NaN], [Number.POSITIVE_INFINITY], [1n], [Symbol('s')], [() => 0]])(
  '%s is refused',
  (value) => {
    expect(() => canonicalJson(value)).toThrow(TypeError);
  },
);
