import { expect, test } from 'vitest';
import { acceptedBy } from './accepted.ts';
import { type Mutant, mutantsOf } from './mutant.ts';
import { isGoodEnough, type Judged, reportOf, shareOf } from './report.ts';

const TEXT = 'const x = a < b;\n';
const [MUTANT] = mutantsOf('domain', 'a.ts', TEXT, [
  { operator: 'EqualityOperator', start: 12, end: 13, after: '<=' },
]) as [Mutant];
const ACCEPTED = {
  file: 'a.ts',
  operator: 'EqualityOperator',
  before: '<',
  after: '<=',
  line: 'const x = a < b;',
  reason: 'a is never b',
};

function judged(outcome: 'killed' | 'survived' | undefined, accepted = false): Judged {
  const result = outcome && { key: MUTANT.key, outcome, by: undefined, tookMs: 1 };
  return { mutant: MUTANT, result, accepted: accepted ? ACCEPTED : undefined };
}

test('nine of ten killed are good enough; what is accepted does not count, what was not tried does', () => {
  const nine = Array.from({ length: 9 }, () => judged('killed'));

  expect(isGoodEnough([...nine, judged('survived')])).toBe(true);
  expect(isGoodEnough([...nine.slice(1), judged('survived')])).toBe(false);
  expect(shareOf([judged('killed'), judged('survived', true)])).toBe(1);
  expect(isGoodEnough([...nine, judged(undefined)])).toBe(false);
});

test('a survivor is shown with its file, line, and both texts', () => {
  expect(reportOf([judged('survived')])).toContain(
    'a.ts:1 EqualityOperator: SURVIVED\n  - <\n  + <=\n',
  );
  expect(reportOf([judged('survived', true)])).toContain('accepted: a is never b');
});

test('an accepted mutant is found at any position, but not if its line has changed', () => {
  expect(acceptedBy(MUTANT, TEXT, [ACCEPTED])).toBe(ACCEPTED);
  const [lower] = mutantsOf('domain', 'a.ts', `\n\n  ${TEXT}`, [
    { operator: 'EqualityOperator', start: 16, end: 17, after: '<=' },
  ]) as [Mutant];
  expect(acceptedBy(lower, `\n\n  ${TEXT}`, [ACCEPTED])).toBe(ACCEPTED);
  expect(acceptedBy(MUTANT, 'const y = a < b;\n', [ACCEPTED])).toBeUndefined();
});
