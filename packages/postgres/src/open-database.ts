import { Kysely, PostgresDialect } from 'kysely';
import type pg from 'pg';
import { inTransaction, type Session, sessionOf, type Tx, wasDamaged } from './in-transaction.ts';
import type { DB as Database } from './schema.ts';
import { openPool, type PoolOptions, type SettledPool } from './session/settled-pool.ts';
import type { Statement } from './statement.ts';

/** The roles of migrations/0005_roles.sql: a service gives up everything else at connect. */
export type DatabaseRole =
  | 'latchkey_reconciler'
  | 'latchkey_relay'
  | 'latchkey_operator'
  | 'latchkey_reader';

export interface DatabaseOptions extends PoolOptions {
  /** Set with `set role`; undefined keeps the user of the URL (migrations, tests). */
  readonly role: DatabaseRole | undefined;
}

/**
 * An open database: a pool of connections that is closed on disposal. Every method rejects with
 * `ConnectError` while connecting fails, and with Failure `DATABASE_SESSION` where a
 * connection does not keep its settings.
 */
export interface Db extends AsyncDisposable {
  /** Runs one statement as a transaction of its own. */
  run<P, R>(statement: Statement<P, R>, parameters: P): Promise<R[]>;
  /**
   * Runs `work` in one transaction at READ COMMITTED with `synchronous_commit` on. Resolved: it was
   * committed. Rejected: it was rolled back, unless the connection was lost while COMMIT was under
   * way; then it may be either.
   */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Keeps one connection for the whole of `work`, for what belongs to a session (advisory locks). */
  session<T>(work: (session: Session) => Promise<T>): Promise<T>;
  /** For reads with dynamic filters, and for migrations. */
  readonly kysely: Kysely<Database>;
}

/** Opens a pool. Connects at the first use, so an unreachable database is found there. */
export function openDatabase(options: DatabaseOptions): Db {
  const pool = openPool(options);
  // Kysely closes the pool only if it was used through Kysely.
  const dialect = new PostgresDialect({ pool });
  return {
    kysely: new Kysely<Database>({ dialect }),
    run: (statement, parameters) =>
      withClient(pool, options, (client) => sessionOf(client).run(statement, parameters)),
    transaction: (work) => withClient(pool, options, (client) => inTransaction(client, work)),
    session: (work) => withClient(pool, options, (client) => work(sessionOf(client))),
    [Symbol.asyncDispose]: () => pool.end(),
  };
}

async function withClient<T>(
  pool: SettledPool,
  options: DatabaseOptions,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  // Without a listener a connection that the server drops in use would end the process.
  const onError = (error: Error): void => {
    options.onConnectionLost(error);
  };
  client.on('error', onError);
  let damaged = false;
  try {
    return await work(client);
  } catch (error) {
    damaged = wasDamaged(error);
    throw error;
  } finally {
    client.removeListener('error', onError);
    client.release(damaged);
  }
}
