import pg from 'pg';
import { expect, test } from 'vitest';
import { isDatabaseUnreachable } from './is-database-unreachable.ts';
import { ConnectError } from './settled-pool.ts';

function answer(code: string): Error {
  return Object.assign(new pg.DatabaseError('', 0, 'error'), { severity: 'FATAL', code });
}

test.each([
  ['no connection to be had', new ConnectError('refused', { cause: answer('28P01') }), true],
  ['a server that shuts down', answer('57P01'), true],
  ['a session that was idle for too long', answer('25P03'), true],
  ['a transaction that took too long', answer('25P04'), true],
  ['a server without free connections', answer('53300'), true],
  ['a socket that was reset', Object.assign(new Error('reset'), { code: 'ECONNRESET' }), true],
  ['a connection that ends early', new Error('Connection terminated unexpectedly'), true],
  ['the cause of another error', new Error('outer', { cause: answer('08006') }), true],
  ['a missing right', answer('42501'), false],
  ['a statement over its limit', answer('57014'), false],
  ['a bug', new TypeError('undefined is not a function'), false],
  ['no error', undefined, false],
])('%s', (_name, error, expected) => {
  expect(isDatabaseUnreachable(error)).toBe(expected);
});
