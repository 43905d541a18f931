import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { type Db, openDatabase } from './open-database.ts';
import { statement } from './statement.ts';

const anything = statement<object, object>('anything', () => sql`select 1`);

test('a silent database is waited for until the signal, and then not at all', async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket.on('error', () => undefined).resume());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const giveUp = new AbortController();
  const db = openOn(port, giveUp.signal);
  const waiting = Promise.allSettled([
    db.run(anything, {}),
    db.transaction(() => Promise.resolve()),
  ]);
  await expect.poll(() => sockets.length).toBe(1);

  giveUp.abort();

  const outcomes = await waiting;
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  await expect(db.run(anything, {})).rejects.toMatchObject({
    name: 'ConnectError',
    cause: new Error('the database is waited for no longer'),
  });
  await db[Symbol.asyncDispose]();
  expect(sockets).toHaveLength(1);
  server.close();
});

/** One connection, so that the second transaction waits for the first. */
function openOn(port: number, giveUp: AbortSignal): Db {
  return openDatabase({
    url: `postgresql://a:b@127.0.0.1:${port}/c`,
    role: 'latchkey_relay',
    poolSize: 1,
    applicationName: 'test',
    onConnectionLost: () => undefined,
    giveUp,
  });
}
