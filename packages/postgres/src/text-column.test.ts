import { expect, test } from 'vitest';
import { textColumn } from './text-column.ts';

test('rows are joined by U+001F and an absent value is U+001E', () => {
  expect(textColumn(['a', undefined, 3, 4n])).toBe('a\u001f\u001e\u001f3\u001f4');
});

test.each(['', 'a\u001fb', 'a\u001eb'])(
  'a text that would be read back otherwise is refused',
  (text) => {
    expect(() => textColumn([text])).toThrow(RangeError);
  },
);
