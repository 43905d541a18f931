import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { columnTypes } from './column-types.ts';
import { inTransaction, type Session, sessionOf, type Tx, wasDamaged } from './in-transaction.ts';
import type { DB as Database } from './schema.ts';
import type { Statement } from './statement.ts';
import { streamsUntil } from './streams-until.ts';

/** The roles of migrations/0005_roles.sql: a service gives up everything else at connect. */
export type DatabaseRole =
  | 'latchkey_reconciler'
  | 'latchkey_relay'
  | 'latchkey_operator'
  | 'latchkey_reader';

export interface DatabaseOptions {
  readonly url: string;
  /** Taken on with `set role`; undefined keeps the user of the URL (migrations, tests). */
  readonly role: DatabaseRole | undefined;
  readonly poolSize: number;
  readonly applicationName: string;
  /** An idle connection was lost. The next use opens another one. */
  readonly onConnectionLost: (error: Error) => void;
  /** Makes the connections; pg's own where it is left out. Fault tests put a class of their own here. */
  readonly Client?: typeof pg.Client;
  /** Once aborted, connections are destroyed and none is opened any more: whatever waits for the database rejects. */
  readonly giveUp?: AbortSignal;
}

/** An open database: a pool of connections that is closed on disposal. */
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

/** Opens a pool. Connects at the first use, so that a database that is away is found there. */
export function openDatabase(options: DatabaseOptions): Db {
  const { giveUp } = options;
  const pool = new pg.Pool({
    ...poolConfig(options),
    ...(giveUp === undefined ? {} : { stream: streamsUntil(giveUp) }),
  });
  pool.on('error', options.onConnectionLost);
  const kysely = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
  return {
    kysely,
    run: (statement, parameters) =>
      withClient(pool, options, (client) => sessionOf(client).run(statement, parameters)),
    transaction: (work) => withClient(pool, options, (client) => inTransaction(client, work)),
    session: (work) => withClient(pool, options, (client) => work(sessionOf(client))),
    // Kysely closes the pool only if it was used through Kysely.
    [Symbol.asyncDispose]: () => pool.end(),
  };
}

async function withClient<T>(
  pool: pg.Pool,
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

/** What plans may not do for a service; migrations change whole tables and are planned as PostgreSQL likes. */
const SERVICE_PLANS = [
  // Plans for the rows of one batch read whole tables while these are small, and are made anew each time.
  '-c plan_cache_mode=force_generic_plan',
  // And those that were made while a table was empty must not read all of it when it has grown.
  '-c enable_seqscan=off',
  '-c enable_hashjoin=off',
  '-c enable_mergejoin=off',
  // One index descent a row of the batch; each bitmap would be built for one or two rows.
  '-c enable_bitmapscan=off',
  // Where there is no other plan, PostgreSQL 17 makes one of these so dear that it would compile it.
  '-c jit=off',
];

function poolConfig(options: DatabaseOptions): pg.PoolConfig & { pipeline: boolean } {
  const service = options.role === undefined ? [] : [`-c role=${options.role}`, ...SERVICE_PLANS];
  return {
    ...(options.Client === undefined ? {} : { Client: options.Client }),
    connectionString: options.url,
    application_name: options.applicationName,
    max: options.poolSize,
    connectionTimeoutMillis: 5_000,
    // Beyond every time-out of the server: for one that vanished without a word.
    query_timeout: 95_000,
    // A client that pauses while it holds a lane or an identity stops everybody.
    options: [
      ...service,
      '-c timezone=UTC',
      '-c idle_in_transaction_session_timeout=2s',
      '-c lock_timeout=10s',
      '-c statement_timeout=60s',
      '-c transaction_timeout=90s',
    ].join(' '),
    types: columnTypes,
    pipeline: true,
    keepAlive: true,
  };
}
