import { expect, test } from 'vitest';
import { readUtf8 } from './utf8-text.ts';

test('UTF-8 is read, without a byte order mark at its beginning', () => {
  expect(readUtf8(Buffer.from('Qualität\n\u{1f600}'))).toEqual({ text: 'Qualität\n\u{1f600}' });
  expect(readUtf8(Buffer.from('\ufeffa\ufeff'))).toEqual({ text: 'a\ufeff' });
  expect(readUtf8(Buffer.from('\ufffd'))).toEqual({ text: '\ufffd' });
  expect(readUtf8(Buffer.alloc(0))).toEqual({ text: '' });
});

test.each([
  ['Windows-1252', Buffer.from('a: 1\nb: é\nc: "Qualität"', 'latin1'), 2, 4],
  ['UTF-16', Buffer.from('\ufeffa', 'utf16le'), 1, 1],
  ['a character cut short at the end', Buffer.from('ab\u20ac').subarray(0, 4), 1, 3],
  ['a character cut short by a line end', Buffer.from([0x0a, 0x61, 0xe2, 0x82, 0x0a]), 2, 2],
  ['a surrogate', Buffer.from([0x61, 0xed, 0xa0, 0x80]), 1, 2],
  ['an overlong slash', Buffer.from([0x0a, 0x0a, 0xc0, 0xaf]), 3, 1],
  ['what follows wide characters', Buffer.from([...Buffer.from('\u{1f600}ä'), 0xff]), 1, 3],
])('%s is no UTF-8, and the place is reported', (_what, bytes, line, column) => {
  expect(readUtf8(bytes)).toEqual({ line, column });
});

test('a long line without a line end is searched by halves', () => {
  const bytes = Buffer.alloc(1024 * 1024, 'a');
  bytes[1_000_000] = 0xff;
  expect(readUtf8(bytes)).toEqual({ line: 1, column: 1_000_001 });
});
