import { expect, test } from 'vitest';
import { isDenial, NotAllowedError, needing } from './not-allowed.ts';

function protocolError(type: string, cause?: Error): Error {
  return Object.assign(new Error('Not authorized', { cause }), { type });
}

test('a refusal of the brokers says which right is needed', async () => {
  const denied = () => Promise.reject(protocolError('GROUP_AUTHORIZATION_FAILED'));

  const needed = needing('Read on group g', denied);

  await expect(needed).rejects.toThrow(NotAllowedError);
  await expect(needed).rejects.toThrow('needed is Read on group g');
});

test('the innermost name of a right counts', async () => {
  const inner = () =>
    needing('Describe on topic t', () =>
      Promise.reject(protocolError('TOPIC_AUTHORIZATION_FAILED')),
    );

  await expect(needing('anything', inner)).rejects.toThrow('needed is Describe on topic t');
});

test('a refusal among the causes is found, and anything else is left as it is', async () => {
  const other = protocolError('NOT_LEADER_FOR_PARTITION');

  expect(
    isDenial(new Error('outer', { cause: protocolError('CLUSTER_AUTHORIZATION_FAILED') })),
  ).toBe(true);
  expect(isDenial(other)).toBe(false);
  await expect(needing('anything', () => Promise.reject(other))).rejects.toBe(other);
});
