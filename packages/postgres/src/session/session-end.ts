import type pg from 'pg';
import { sqlStateOf } from '../sql-state.ts';

/** Why the session of a connection ended, where nothing had asked the server at that time. */
const ends = new WeakMap<pg.ClientBase, Error>();

/**
 * From now on remembers why the session of this connection ended. The server says so once, while it is idle: the next statement
 * only learns that the connection is gone.
 */
export function rememberSessionEnd(client: pg.ClientBase): void {
  client.on('error', (error: Error) => {
    // After its reason the server closes the connection, which is another error.
    const known = ends.get(client);
    if (known === undefined || (sqlStateOf(known) === undefined && sqlStateOf(error) !== undefined))
      ends.set(client, error);
  });
}

/** Why the session ended: with the SQLSTATE where the server gave it; undefined while it goes on. */
export function sessionEndOf(client: pg.ClientBase): Error | undefined {
  return ends.get(client);
}
