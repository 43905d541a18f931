import type pg from 'pg';
import { sqlStateOf } from '../sql-state.ts';
import { checkMark, READ_MARK, sharedSession } from './session-mark.ts';

/** How long another connection is waited for: a pooler may have no more to give. */
const ANOTHER_MS = 3_000;
/**
 * What PgBouncer answers to `begin` where it gives away the session after each statement. It answers with the same code
 * when it is full or being stopped.
 */
const PROTOCOL_VIOLATION = '08P01';
const STATEMENT_MODE = /statement pooling/i;

/**
 * Finds out whether a pooler gives the session of this connection to others between transactions: a
 * second connection that begins one is then answered by the session that we have set up, or we are
 * answered by another one meanwhile. A pooler that keeps a session for each connection does neither. One
 * that happens to have another session at hand is found out by the transactions (`markPooled`).
 *
 * @param mark - of the session of `client`
 * @param another - a client like it, not connected; it is closed afterwards
 * @throws Failure DATABASE_SESSION
 */
export async function refuseSharedSession(
  client: pg.ClientBase,
  mark: string,
  another: pg.Client,
): Promise<void> {
  // What ends it fails what is under way.
  another.on('error', () => undefined);
  const limit = setTimeout(() => {
    another.connection.stream.destroy();
  }, ANOTHER_MS);
  try {
    if ((await markSeenBy(another)) === mark) throw sharedSession();
    checkMark(mark, await client.query(READ_MARK));
  } finally {
    clearTimeout(limit);
    await another.end().catch(() => undefined);
  }
}

/** The mark of the session that a transaction of another connection has; undefined: it got none in time. */
async function markSeenBy(another: pg.Client): Promise<string | null | undefined> {
  try {
    await another.connect();
    await another.query('begin');
    const { rows } = await another.query<{ mark: string | null }>(READ_MARK);
    return rows[0]?.mark;
  } catch (error) {
    if (isStatementMode(error)) throw sharedSession(error);
    return undefined;
  }
}

function isStatementMode(error: unknown): boolean {
  const says = error instanceof Error ? error.message : '';
  return sqlStateOf(error) === PROTOCOL_VIOLATION && STATEMENT_MODE.test(says);
}
