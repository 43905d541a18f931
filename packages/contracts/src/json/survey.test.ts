import { expect, test } from 'vitest';
import { surveyJson } from './survey.ts';

function doubtfulIn(text: string): readonly string[] {
  const bytes = Buffer.from(text);
  return surveyJson(bytes).doubtful.map(({ start, end }) => bytes.toString('utf8', start, end));
}

const FAR = ' '.repeat(100);

test('numbers that may not fit a double are doubtful, at any place', () => {
  for (const before of ['', FAR]) {
    expect(doubtfulIn(`[${before}1e3, 1.5, -7, 1e-3, 123456789012]`)).toEqual([]);
    expect(doubtfulIn(`[${before}1e16, 12345678901234567890, -1E+99, 1e-300]`)).toEqual([
      '1e16',
      '12345678901234567890',
      '-1E+99',
      '1e-300',
    ]);
  }
});
