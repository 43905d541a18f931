import { Failure } from '@latchkey/contracts';
import type pg from 'pg';
import { createHearing } from './session/hearing.ts';
import { sessionEndOf } from './session/session-end.ts';
import { checkMark, markOf, READ_MARK } from './session/session-mark.ts';
import { sqlStateOf } from './sql-state.ts';
import type { Statement } from './statement.ts';

/** One connection inside a transaction. */
export interface Tx {
  run<P, R>(statement: Statement<P, R>, parameters: P): Promise<R[]>;
  /**
   * Queues a statement to run after everything that `work` has run. All queued statements go out with COMMIT in one
   * round trip, so that their locks last as briefly as possible. The first one to fail fails the
   * transaction.
   */
  finally<P, R>(statement: Statement<P, R>, parameters: P): void;
}

/** One connection outside a transaction. */
export interface Session {
  run<P, R>(statement: Statement<P, R>, parameters: P): Promise<R[]>;
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Runs a text of one or several statements that have no parameters; several are one transaction. */
  script(text: string): Promise<void>;
}

const BEGIN = 'begin isolation level read committed; set local synchronous_commit = on';

export function sessionOf(client: pg.ClientBase): Session {
  return {
    run: (statement, parameters) => run(client, statement, parameters),
    transaction: (work) => inTransaction(client, work),
    script: async (text) => {
      await client.query(text).catch(asLost(client));
    },
  };
}

/** See `Db.transaction`. */
export async function inTransaction<T>(
  client: pg.ClientBase,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  const begun = begin(client).catch(asLost(client));
  begun.catch(() => undefined); // seen below
  const last: (() => Promise<unknown>)[] = [];
  const { heard, hear } = createHearing();
  try {
    const result = await work({
      run: async (statement, parameters) => {
        const hearing = hear();
        if (hearing !== undefined) await hearing;
        const rows = await run(client, statement, parameters);
        heard();
        // Goes out with the first statement, which only locks: nothing is written outside a transaction.
        await begun;
        return rows;
      },
      finally: (statement, parameters) => last.push(() => run(client, statement, parameters)),
    });
    await begun;
    await hear();
    await commit(client, last);
    return result;
  } catch (thrown) {
    // An error of BEGIN is the cause of every error after it.
    const error: unknown = await begun.then(() => thrown, asItIs);
    await rollback(client, error);
    throw error;
  }
}

function asItIs(error: unknown): unknown {
  return error;
}

/** @throws Failure DATABASE_SESSION where a pooler answered from another session than the one set up */
async function begin(client: pg.ClientBase): Promise<void> {
  const mark = markOf(client);
  if (mark === undefined) await client.query(BEGIN);
  else checkMark(mark, await client.query(`${BEGIN}; ${READ_MARK}`));
}

/** Throws the server's reason where it ended the session, even if that came before the statement was sent. */
function asLost(client: pg.ClientBase): (error: unknown) => never {
  return (error) => {
    if (sqlStateOf(error) !== undefined || error instanceof Failure) throw error;
    const end = sessionEndOf(client);
    if (end !== undefined && sqlStateOf(end) !== undefined) throw end;
    throw new ConnectionLostError('the connection was lost', { cause: end ?? error });
  };
}

/** COMMIT was sent and no answer came: the transaction is committed or rolled back. */
export class CommitUnknownError extends Error {
  override readonly name = 'CommitUnknownError';
}

async function commit(
  client: pg.ClientBase,
  last: readonly (() => Promise<unknown>)[],
): Promise<void> {
  const end = sessionEndOf(client);
  if (end !== undefined) asLost(client)(end); // COMMIT is not sent, so the transaction is rolled back
  const sent = last.map((send) => send());
  const committed = client.query('commit');
  const answers = await Promise.allSettled([...sent, committed]);
  const failed = answers.find((answer) => answer.status === 'rejected');
  if (failed !== undefined) throw asFailedCommit(failed.reason);
  // COMMIT of a failed transaction is answered by ROLLBACK, and is no error.
  const { command } = await committed;
  if (command !== 'COMMIT') throw new Error(`COMMIT was answered by ${command}`);
}

function asFailedCommit(reason: unknown): unknown {
  return sqlStateOf(reason) === undefined
    ? new CommitUnknownError('the connection was lost during COMMIT', { cause: reason })
    : reason;
}

async function rollback(client: pg.ClientBase, cause: unknown): Promise<void> {
  if (wasDamaged(cause)) return; // the connection is thrown away, and the transaction with it
  await client.query('rollback').catch(asLost(client));
}

/** The server did not answer a statement: the connection cannot be used again. */
class ConnectionLostError extends Error {
  override readonly name = 'ConnectionLostError';
}

async function run<P, R>(
  client: pg.ClientBase,
  statement: Statement<P, R>,
  parameters: P,
): Promise<R[]> {
  const values = statement.parameters.map((name) => parameters[name]);
  try {
    const { rows } = await client.query<R & pg.QueryResultRow>({
      name: statement.name,
      text: statement.text,
      values,
    });
    return rows;
  } catch (error) {
    return asLost(client)(error);
  }
}

/** Class 57: the server ends it. 08: so does the protocol. 0A000: a migration changed a prepared result. 25P03, 25P04: time-outs. */
const DAMAGING_STATES = /^(57|08|0A000|25P03|25P04)/;

/**
 * True where the connection must not be used again. An error that `work` threw itself damages nothing.
 */
export function wasDamaged(error: unknown): boolean {
  if (error instanceof ConnectionLostError || error instanceof CommitUnknownError) return true;
  if (error instanceof Failure) return error.code === 'DATABASE_SESSION';
  return DAMAGING_STATES.test(sqlStateOf(error) ?? '');
}
