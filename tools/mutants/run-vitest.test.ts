import { expect, test } from 'vitest';
import { type Report, verdictOf } from './run-vitest.ts';

type Result = Report['testResults'][number];

const PASSED: Result = {
  name: '/copy/a.test.ts',
  status: 'passed',
  message: '',
  assertionResults: [{ ancestorTitles: [], title: 'it is so', status: 'passed' }],
};
const FAILED: Result = {
  name: '/copy/b.test.ts',
  status: 'failed',
  message: '',
  assertionResults: [
    { ancestorTitles: [], title: 'it is so', status: 'passed' },
    { ancestorTitles: ['where it is not'], title: 'it is not', status: 'failed' },
  ],
};
const NOT_BEGUN: Result = {
  name: '/copy/0.test.ts',
  status: 'failed',
  message: '',
  assertionResults: [],
};
const UNLOADED: Result = { ...NOT_BEGUN, name: '/copy/c.test.ts', message: 'SyntaxError' };

function verdict(results: readonly Result[], numPassedTests = 1) {
  const success = results.every(({ status }) => status === 'passed');
  const { outcome, failure } = verdictOf(
    { success, numPassedTests, testResults: results },
    '/copy',
    '',
  );
  return { outcome, failure };
}

test('the failed test is named, regardless of the position of files that were not started', () => {
  const failure = 'b.test.ts > where it is not > it is not';

  expect(verdict([NOT_BEGUN, PASSED, FAILED])).toEqual({ outcome: 'failed', failure });
  expect(verdict([UNLOADED, FAILED])).toEqual({ outcome: 'failed', failure });
});

test('a file that does not load has failed', () => {
  const failure = 'c.test.ts > (the file does not load)';

  expect(verdict([PASSED, UNLOADED])).toEqual({ outcome: 'failed', failure });
});

test('there is no result if no test ran, or only files that were not started failed', () => {
  expect(verdict([PASSED])).toEqual({ outcome: 'passed', failure: undefined });
  expect(verdict([], 0)).toEqual({ outcome: 'broken', failure: undefined });
  expect(verdict([PASSED, NOT_BEGUN])).toEqual({ outcome: 'broken', failure: undefined });
});
