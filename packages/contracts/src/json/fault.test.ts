import { expect, test } from 'vitest';
import { findFault } from './fault.ts';
import { InexactNumber } from './number.ts';

test.each([
  ['NUL in a text', { a: ['b\0'] }, ['data', 'a', '0']],
  ['NUL in a name', { 'a\0': 1 }, ['data', 'a\0']],
  ['half a surrogate pair in a text', { a: '\ud83d' }, ['data', 'a']],
  ['half a surrogate pair in a name', { '\ude00': 1 }, ['data', '\ude00']],
  ['a number that does not survive', [1, new InexactNumber('1e400')], ['data', '1']],
  ['the prototype', JSON.parse('{"a":{"__proto__":{}}}'), ['data', 'a', '__proto__']],
  ['a constructor', { constructor: 1 }, ['data', 'constructor']],
  ['a prototype', [{ prototype: 1 }], ['data', '0', 'prototype']],
  ['a text itself', '\0', ['data']],
])('it finds %s', (_what, value, path) => {
  expect(findFault(value, ['data'])?.path).toEqual(path);
});

test.each([[{ a: ['plain', '😀', 'tab\t', 1.5, true, null, {}] }], [null], [undefined], ['']])(
  'it finds nothing in %j',
  (value) => {
    expect(findFault(value, ['data'])).toBeUndefined();
  },
);
