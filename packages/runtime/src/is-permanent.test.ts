import { Failure } from '@latchkey/contracts';
import { expect, test } from 'vitest';
import { isPermanent } from './is-permanent.ts';

test.each([
  ['a failure that an operator must correct', new Failure('SCHEMA_OLD'), true],
  ['a failure that is final', new Failure('CONFIG_INVALID'), true],
  ['a failure that may be tried again as it is', new Failure('POSITION_AHEAD'), false],
  ['an error without a code', new Error('connection refused'), false],
])('isPermanent: %s', (_, error, expected) => {
  expect(isPermanent(error)).toBe(expected);
});
