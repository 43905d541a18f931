import type pg from 'pg';
import { sqlStateOf } from '../sql-state.ts';
import { checkMark, READ_MARK, sharedSession } from './session-mark.ts';

/** How long another connection is waited for: a pooler may have no more to give. */
const ANOTHER_MS = 3_000;
/**
 * The answer of PgBouncer to `begin` where it assigns the session to another client after each statement. The same code
 * means that it is full or being stopped.
 */
const PROTOCOL_VIOLATION = '08P01';
const STATEMENT_MODE = /statement pooling/i;

/**
 * Detects a pooler that assigns the session of this connection to other clients between transactions: a second connection
 * that begins one is then answered by the session that we have set up, or we are answered by another one meanwhile. A
 * pooler that keeps a session for each connection does neither. Where the pooler has another session free, the check of
 * each transaction detects it (`markPooled`).
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
  // The query under way fails too.
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
  const message = error instanceof Error ? error.message : '';
  return sqlStateOf(error) === PROTOCOL_VIOLATION && STATEMENT_MODE.test(message);
}
