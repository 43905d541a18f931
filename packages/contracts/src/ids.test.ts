import fc from 'fast-check';
import { v5 } from 'uuid';
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

test('an id is the UUID of version 5 of its parts, as a library derives it', () => {
  const namespace = '6d1f6c1e-2b7a-5d0f-9a54-3c1d7c0e8f21';

  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 5 }), (parts) => {
      expect(derivedId(...parts)).toBe(v5(Buffer.from(parts.join('\n')), namespace));
    }),
  );
});
