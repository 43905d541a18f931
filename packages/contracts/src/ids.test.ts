import { expect, test } from 'vitest';
import { accountIdOf, ceIdOf, derivedId, identityIdOf } from './ids.ts';

test('ids never change: they are in databases and in other systems', () => {
  const identityId = identityIdOf('urn:example:hr', 'E1');

  expect(identityId).toBe('67b1ca0a-537a-5172-9c07-f87d546fc0f0');
  expect(accountIdOf(identityId, 'mail')).toBe('05fbe30d-fbe6-56b9-99e7-044767966a52');
  expect(ceIdOf('latchkey.access.desired.v1', 'a', 1n)).toBe(
    'f0d71763-4f7f-58d9-98ba-80da0857aae2',
  );
  expect(derivedId('x')).toBe('cfd0839f-9bba-5b78-8aee-d96b94a8e998');
});

test('a generation gives the same id as a number and as a bigint', () => {
  expect(ceIdOf('t', 'k', 7)).toBe(ceIdOf('t', 'k', 7n));
});

test('parts are kept apart', () => {
  expect(derivedId('ab', 'c')).not.toBe(derivedId('a', 'bc'));
});
