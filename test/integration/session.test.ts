import { Failure } from '@latchkey/contracts';
import {
  type Db,
  listLanes,
  openDatabase,
  RoleRefusedError,
  readClock,
  readOutputState,
  tryTopicLock,
} from '@latchkey/postgres';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isDataError } from '../../packages/intake/src/steps/data-error.ts';
import { SESSION_PROFILES } from '../../packages/postgres/src/session/profile.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createForeignLogin, createLogin } from '../support/foreign-defaults.ts';
import { hasPgBouncer, openPgBouncer } from '../support/pgbouncer.ts';
import { openPooler } from '../support/pooler.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

type Purpose = keyof typeof SESSION_PROFILES;

function open(url: string, purpose: Purpose = 'service', poolSize = 1): Db {
  return openDatabase({
    url,
    role: purpose === 'migration' ? undefined : 'latchkey_reconciler',
    purpose,
    poolSize,
    applicationName: 'test-session',
    onConnectionLost: () => undefined,
  });
}

async function settingsOf(db: Db, names: readonly string[]): Promise<Record<string, string>> {
  const columns = names.map((name) => sql`current_setting(${sql.lit(name)}) as ${sql.ref(name)}`);
  const { rows } = await sql<Record<string, string>>`
    select ${sql.join(columns)}, current_user::text as "user"`.execute(db.kysely);
  return rows[0] ?? {};
}

test('no preset of a database, a login or a URL is left in a session of any purpose', async () => {
  await using login = await createForeignLogin(database);
  for (const [purpose, { settings }] of Object.entries(SESSION_PROFILES)) {
    await using db = open(login.url, purpose as Purpose);
    const user = purpose === 'migration' ? login.name : 'latchkey_reconciler';
    expect(await settingsOf(db, Object.keys(settings)), purpose).toEqual({ ...settings, user });
  }
});

test('a login without triggers is refused with a sentence', async () => {
  await using login = await createLogin(database, 'in role latchkey_reconciler');
  await database.query(`alter role ${login.name} set session_replication_role to replica`);
  await using db = open(login.url);
  const refused: unknown = await db.run(readClock, {}).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(Failure);
  expect(refused).toMatchObject({
    code: 'DATABASE_SESSION',
    details: { problems: ['session_replication_role is replica instead of origin'] },
  });
});

test('a login that may not take on its role waits for the grant, and is no data error', async () => {
  await using login = await createLogin(database);
  await using db = open(login.url);
  const refused: unknown = await db.run(readClock, {}).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(RoleRefusedError);
  expect(isDataError(refused)).toBe(false);
  await database.query(`grant latchkey_reconciler to ${login.name}`);
  expect(await db.run(readClock, {})).toHaveLength(1);
});

test('an error of the server while connecting is no data error, with any code', async () => {
  await using login = await createLogin(database, 'in role latchkey_reconciler');
  const wrong = new URL(login.url);
  wrong.searchParams.set('options', '-c datestyle=nonsense'); // 22023
  await using db = open(wrong.href);
  const refused: unknown = await db.run(readClock, {}).catch((error: unknown) => error);
  expect(refused).toMatchObject({ name: 'ConnectError', cause: { code: '22023' } });
  expect(isDataError(refused)).toBe(false);
});

const POOLERS = [
  { name: 'our own', openPoolerTo: openPooler },
  ...(hasPgBouncer() ? [{ name: 'PgBouncer', openPoolerTo: openPgBouncer }] : []),
];

describe.each(POOLERS)('a pooler ($name)', ({ openPoolerTo }) => {
  test('in session mode makes no difference', async () => {
    await using pooler = await openPoolerTo(database.url, 'session');
    await using db = open(pooler.url, 'service', 3);
    const { settings } = SESSION_PROFILES.service;
    expect(await settingsOf(db, Object.keys(settings))).toMatchObject(settings);
    const states = await Promise.all(
      [1, 2, 3].map(() => db.transaction((tx) => readOutputState(tx))),
    );
    expect(states).toHaveLength(3);
    await db.session(async (session) => {
      const lock = { firstLane: 1_000_000, silenceMs: 60_000 };
      expect(await session.run(tryTopicLock, lock)).toMatchObject([{ acquired: true }]);
    });
  });

  test('in transaction mode is detected and named', async () => {
    await using pooler = await openPoolerTo(database.url, 'transaction');
    await using db = open(pooler.url);
    await expect(db.run(readClock, {})).rejects.toMatchObject({
      code: 'DATABASE_SESSION',
      details: { problems: [expect.stringContaining('pooler')] },
    });
  });
});

test('a pooler that changes to transaction mode is detected by the next transaction', async () => {
  let mode: 'session' | 'transaction' = 'session';
  await using pooler = await openPooler(database.url, () => mode);
  await using db = open(pooler.url, 'service', 2);
  await db.transaction((tx) => readOutputState(tx));
  mode = 'transaction';
  const attempts = db.session(async (first) => {
    // Gives its session back, and the next connection gets it.
    await first.run(readClock, {});
    await db.transaction(async (tx) => {
      await tx.run(listLanes, {});
      await first.transaction((other) => readOutputState(other));
    });
  });
  await expect(attempts).rejects.toMatchObject({ code: 'DATABASE_SESSION' });
});
