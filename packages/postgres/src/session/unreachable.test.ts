import { Failure } from '@latchkey/contracts';
import pg from 'pg';
import { expect, test } from 'vitest';
import { RoleRefusedError } from './settle-session.ts';
import { ConnectError } from './settled-pool.ts';
import { asUnreachable } from './unreachable.ts';

test.each([
  ['ECONNREFUSED', Object.assign(new Error('connect 10.0.0.1:5'), { code: 'ECONNREFUSED' })],
  ['SQLSTATE 28P01', serverError('password authentication failed for user "ada"', '28P01')],
  ['timeout expired', new Error('timeout expired')],
  ['unknown', undefined],
])(
  'no connection is DATABASE_UNREACHABLE with the reason %s, and nothing else',
  (reason, cause) => {
    const failure = asUnreachable(new ConnectError('no connection', { cause }));
    expect(failure).toBeInstanceOf(Failure);
    expect(failure).toMatchObject({ code: 'DATABASE_UNREACHABLE', details: { reason } });
  },
);

test('a login that may not use its role is told what to grant', () => {
  const refused = new RoleRefusedError('grant latchkey_operator to it');
  expect(asUnreachable(refused)).toMatchObject({
    code: 'DATABASE_UNREACHABLE',
    details: { reason: 'grant latchkey_operator to it' },
  });
});

test('what failed on a connection stays what it is', () => {
  const error = serverError('division by zero', '22012');
  expect(asUnreachable(error)).toBe(error);
});

function serverError(message: string, code: string): Error {
  return Object.assign(new pg.DatabaseError(message, message.length, 'error'), {
    severity: 'ERROR',
    code,
  });
}
