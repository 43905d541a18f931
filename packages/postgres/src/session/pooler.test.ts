import pg from 'pg';
import { expect, test } from 'vitest';
import { refuseSharedSession } from './pooler.ts';

const MARK = 'ours';

/** The connection that is checked: its session is still the one that was set up. */
const client = { query: () => Promise.resolve({ rows: [{ mark: MARK }] }) } as unknown as pg.Client;

/** A second connection that fails where it is told to. */
function another(fails: 'connect' | 'begin', error: Error): pg.Client {
  const answer = (at: 'connect' | 'begin') => () =>
    at === fails ? Promise.reject(error) : Promise.resolve({ rows: [] });
  return {
    on: () => undefined,
    connect: answer('connect'),
    query: answer('begin'),
    end: () => Promise.resolve(),
    connection: { stream: { destroy: () => undefined } },
  } as unknown as pg.Client;
}

/** PgBouncer sends all of them with this code. */
function protocolViolation(message: string): Error {
  const error = new pg.DatabaseError(message, message.length, 'error');
  error.severity = 'FATAL';
  error.code = '08P01';
  return error;
}

test.each(['connect', 'begin'] as const)(
  'a pooler in session mode that is full, or being stopped, at %s does not count as one in another mode',
  async (fails) => {
    const full = protocolViolation('no more connections allowed (max_client_conn)');

    await expect(refuseSharedSession(client, MARK, another(fails, full))).resolves.toBeUndefined();
  },
);

test('a pooler in statement mode is refused', async () => {
  const refusal = protocolViolation('transaction blocks not allowed in statement pooling mode');

  await expect(refuseSharedSession(client, MARK, another('begin', refusal))).rejects.toMatchObject({
    code: 'DATABASE_SESSION',
  });
});
