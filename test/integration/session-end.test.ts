import { spawnSync } from 'node:child_process';
import { CommitUnknownError, type Db, openDatabase, sqlStateOf, type Tx } from '@latchkey/postgres';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { statement } from '../../packages/postgres/src/statement.ts';
import { childEnv } from '../support/child-env.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { hurriedClient } from '../support/hurried-client.ts';

const readPid = statement<object, { pid: number }>(
  'test_pid',
  () => sql`select pg_backend_pid() as pid`,
);
const insertMark = statement<object, object>(
  'test_mark',
  () => sql`insert into session_mark default values`,
);

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.query(`
    create table session_mark (id bigint generated always as identity);
    create function end_session() returns trigger language plpgsql as $$
    begin perform pg_terminate_backend(pg_backend_pid()); return null; end $$;`);
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await database.query('truncate session_mark; drop trigger if exists at_commit on session_mark');
});

/** One connection, whose transactions have less time. */
function open(setting: string): Db {
  return openDatabase({
    url: database.url,
    role: undefined,
    poolSize: 1,
    applicationName: 'test-session-end',
    onConnectionLost: () => undefined,
    Client: hurriedClient(setting),
  });
}

async function pidOf(tx: Tx): Promise<number> {
  const [row] = await tx.run(readPid, {});
  if (row === undefined) throw new Error('a session without a process');
  return row.pid;
}

function errorOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** Resolves once the server has ended the session, by itself or because it is told to. */
async function ended(pid: number): Promise<void> {
  const left = (): Promise<readonly unknown[]> =>
    database.query('select from pg_stat_activity where pid = $1', [pid]);
  await eventually('the session ends', left, ({ length }) => length === 0);
}

/** The same, and nothing that the server sends is read meanwhile. */
function blockUntilEnded(pid: number): void {
  const program = `
    const { Client } = require('pg');
    const client = new Client({ connectionString: process.argv[1] });
    const left = () => client.query('select from pg_stat_activity where pid = ' + process.argv[2]);
    client.connect().then(async () => {
      while ((await left()).rowCount > 0);
      await client.end();
    });`;
  const args = ['-e', program, database.url, String(pid)];
  const { status, stderr } = spawnSync(process.execPath, args, {
    env: childEnv(),
    timeout: 20_000,
  });
  if (status !== 0) throw new Error(String(stderr));
}

/** The time-outs are longer than `UNHEARD_MS`: after a shorter busy time a connection sends before it reads. */
const WAYS = [
  { state: '25P03', setting: `idle_in_transaction_session_timeout = '250ms'` },
  { state: '25P04', setting: `transaction_timeout = '250ms'` },
] as const;

const USES = [
  { what: 'a statement', use: (tx: Tx) => tx.run(insertMark, {}).then(() => undefined) },
  {
    what: 'two statements at once',
    use: (tx: Tx) =>
      Promise.all([tx.run(insertMark, {}), tx.run(insertMark, {})]).then(() => undefined),
  },
  { what: 'COMMIT', use: () => Promise.resolve() },
  {
    what: 'statements with COMMIT',
    use: (tx: Tx) => {
      for (let each = 0; each < 3; each += 1) tx.finally(insertMark, {});
      return Promise.resolve();
    },
  },
] as const;

describe.each(WAYS)('a session that the server ends with $state while it is idle', (way) => {
  test.each(USES)('has its code in the error of $what', async ({ use }) => {
    await using db = open(way.setting);
    const work = db.transaction(async (tx) => {
      await ended(await pidOf(tx));
      await use(tx);
    });
    const error = await errorOf(work);
    expect(error).not.toBeInstanceOf(CommitUnknownError);
    expect(sqlStateOf(error)).toBe(way.state);
    await expectNothingWritten(db);
  });

  test.each(USES)('has its code in the error of $what after a busy time', async ({ use }) => {
    await using db = open(way.setting);
    const work = db.transaction(async (tx) => {
      blockUntilEnded(await pidOf(tx));
      await use(tx);
    });
    const error = await errorOf(work);
    expect(error).not.toBeInstanceOf(CommitUnknownError);
    expect(sqlStateOf(error)).toBe(way.state);
    await expectNothingWritten(db);
  });
});

/** The connection is thrown away: the next transaction has another one. */
async function expectNothingWritten(db: Db): Promise<void> {
  expect(await db.run(readPid, {})).toHaveLength(1);
  expect(await database.query('select from session_mark')).toEqual([]);
}

test('a session that an administrator ends while it is idle has its code in the error of COMMIT', async () => {
  await using db = open(`lock_timeout = '1s'`);
  const work = db.transaction(async (tx) => {
    await tx.run(insertMark, {});
    const pid = await pidOf(tx);
    await database.query('select pg_terminate_backend($1)', [pid]);
    await ended(pid);
  });
  expect(await errorOf(work)).toMatchObject({ code: '57P01' });
  await expectNothingWritten(db);
});

test('a session that ends while COMMIT is under way has the code of the answer to it', async () => {
  await database.query(`
    create constraint trigger at_commit after insert on session_mark
    deferrable initially deferred for each row execute function end_session()`);
  await using db = open(`lock_timeout = '1s'`);
  const error = await errorOf(db.transaction((tx) => tx.run(insertMark, {})));
  expect(error).toMatchObject({ code: '57P01' });
  await expectNothingWritten(db);
});

test('a session outside a transaction has its code in the error of the next statement', async () => {
  await using db = open(`lock_timeout = '1s'`);
  const work = db.session(async (session) => {
    const [row] = await session.run(readPid, {});
    await database.query('select pg_terminate_backend($1)', [row?.pid]);
    await ended(row?.pid ?? 0);
    await session.run(readPid, {});
  });
  expect(await errorOf(work)).toMatchObject({ code: '57P01' });
  expect(await db.run(readPid, {})).toHaveLength(1);
});

test('a session that ends while a query builder has the connection ends no process', async () => {
  await using db = open(`lock_timeout = '1s'`);
  const work = db.kysely.transaction().execute(async (transaction) => {
    const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(
      transaction,
    );
    await database.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
    await ended(rows[0]?.pid ?? 0);
  });
  expect(await errorOf(work)).toBeInstanceOf(Error);
  expect(await db.run(readPid, {})).toHaveLength(1);
});
