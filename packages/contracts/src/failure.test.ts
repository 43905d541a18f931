import { expect, test } from 'vitest';
import { FAILURES, Failure } from './failure.ts';

test.each(Object.entries(FAILURES))('%s has a meaning and a next step', (_code, entry) => {
  expect(entry.meaning).toMatch(/^\S.{10,}[^.]$/);
  expect(entry.nextStep).toMatch(/^\S.{10,}[^.]$/);
});

test('a failure carries its code, its details and its cause', () => {
  const cause = new Error('connection refused');
  const failure = new Failure('SCHEMA_OLD', { missing: '0004' }, { cause });

  expect(failure).toMatchObject({
    name: 'Failure',
    code: 'SCHEMA_OLD',
    details: { missing: '0004' },
    retryClass: 'retry_with_review',
  });
  expect(failure.message).toBe(`SCHEMA_OLD: ${FAILURES.SCHEMA_OLD.meaning}`);
  expect(failure.cause).toBe(cause);
});
