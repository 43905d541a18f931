import { FAILURES, Failure } from '@latchkey/contracts';
import { expect, test } from 'vitest';
import { describeFailure, failureIn } from './describe-failure.ts';

test('a failure is one line with code, meaning, details and the next step', () => {
  const failure = new Failure('PARTITION_COUNT_DIFFERS', { topic: 'a', expected: 12, found: 6 });

  const { meaning, nextStep } = FAILURES.PARTITION_COUNT_DIFFERS;
  expect(describeFailure(failure)).toBe(
    `PARTITION_COUNT_DIFFERS: ${meaning} (topic=a, expected=12, found=6). Next: ${nextStep}`,
  );
});

test('each element of a list is on a separate line', () => {
  const failure = new Failure('POLICY_INVALID', {
    file: 'policy.yaml',
    problems: ['line 3: no such attribute', { line: 7, rule: 'mail' }],
  });

  const [first, ...rest] = describeFailure(failure).split('\n');
  expect(first).toContain('(file=policy.yaml)');
  expect(rest).toEqual(['  line 3: no such attribute', '  {"line":7,"rule":"mail"}']);
});

test('a secret among the details is not shown', () => {
  const failure = new Failure('TOPIC_SETTING', { password: 'canary', why: 'x://u:canary@host' });

  expect(describeFailure(failure)).not.toContain('canary');
});

test('the failure is found behind an error of closing', () => {
  const failure = new Failure('SCHEMA_OLD');

  expect(failureIn(new SuppressedError(new Error('closing'), failure))).toBe(failure);
  expect(failureIn(new Error('other'))).toBeUndefined();
});
