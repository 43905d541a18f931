import { expect, test } from 'vitest';
import { explainDenial, isDenial, NotAllowedError } from './not-allowed.ts';

function protocolError(type: string, cause?: Error): Error {
  return Object.assign(new Error('Not authorized', { cause }), { type });
}

test('a denial names the missing right', async () => {
  const denied = () => Promise.reject(protocolError('GROUP_AUTHORIZATION_FAILED'));

  const needed = explainDenial('Read on group g', denied);

  await expect(needed).rejects.toThrow(NotAllowedError);
  await expect(needed).rejects.toThrow('needed is Read on group g');
});

test('a denial keeps the innermost right', async () => {
  const inner = () =>
    explainDenial('Describe on topic t', () =>
      Promise.reject(protocolError('TOPIC_AUTHORIZATION_FAILED')),
    );

  await expect(explainDenial('anything', inner)).rejects.toThrow('needed is Describe on topic t');
});

test('a denial is found among causes, and other errors pass unchanged', async () => {
  const other = protocolError('NOT_LEADER_FOR_PARTITION');

  expect(
    isDenial(new Error('outer', { cause: protocolError('CLUSTER_AUTHORIZATION_FAILED') })),
  ).toBe(true);
  expect(isDenial(other)).toBe(false);
  await expect(explainDenial('anything', () => Promise.reject(other))).rejects.toBe(other);
});
