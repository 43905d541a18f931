import { Failure } from '@latchkey/contracts';
import { expect, test } from 'vitest';
import { operatorName } from './progress.ts';

function withoutName(): string {
  throw new Error(
    'A system error occurred: uv_os_get_passwd returned ENOENT (no such file or directory)',
  );
}

test('an operator is recorded as OPERATOR, else under the login name', () => {
  expect(operatorName('grace', withoutName)).toBe('grace');
  expect(operatorName(undefined, () => 'ada')).toBe('ada');
});

test('OPERATOR is required where the user has no name', () => {
  const name = () => operatorName(undefined, withoutName);
  expect(name).toThrow(Failure);
  expect(name).toThrow(
    expect.objectContaining({
      code: 'CONFIG_INVALID',
      details: { problems: ['OPERATOR: required, as this user has no name'] },
    }),
  );
});
