import {
  type Db,
  insertProgress,
  lockIdentities,
  lockProgress,
  lockVerifications,
} from '@latchkey/postgres';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { type IntakeDesk, openIntakeDesk } from '../support/intake-desk.ts';

/** As the rows lie in their tables: against the order of their keys. */
const LAST_FIRST = ['c', 'b', 'a'];

let database: TestDatabase;
let desk: IntakeDesk;
let db: Db;
beforeEach(async () => {
  database = await createTestDatabase();
  // Rows come as they lie in the table, unless the statement itself sorts them.
  for (const scan of ['indexscan', 'indexonlyscan', 'bitmapscan']) {
    await database.query(`alter database ${database.name} set enable_${scan} = off`);
  }
  desk = await openIntakeDesk(database);
  ({ db } = desk);
});
afterEach(async () => {
  await desk[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

test('identities are locked in the order of their ids, also on a sequential plan', async () => {
  const keys = LAST_FIRST.map((name) => ({
    identityId: `${name.repeat(8)}-0000-5000-8000-000000000000`,
    source: 'urn:example:hr',
    externalId: name,
  }));
  for (const key of keys) await db.transaction((tx) => lockIdentities(tx, [key]));

  const rows = await db.transaction((tx) => lockIdentities(tx, keys));

  expect(rows.map(({ externalId }) => externalId)).toEqual(['a', 'b', 'c']);
});

test('verifications are locked in the order of their ids, also on a sequential plan', async () => {
  const wanted = LAST_FIRST.map((verificationId) => ({ verificationId, topic: 't', partition: 0 }));
  for (const one of wanted) await db.transaction((tx) => lockVerifications(tx, [one]));

  const rows = await db.transaction((tx) => lockVerifications(tx, wanted));

  expect(rows.map(({ verificationId }) => verificationId)).toEqual(['a', 'b', 'c']);
});

test('positions are locked in the order of their partitions, also on a sequential plan', async () => {
  const partitions = LAST_FIRST.map((topic) => ({ topic, partition: 0 }));
  for (const one of partitions) await db.run(insertProgress, { ...one, nextOffset: 0n });

  const rows = await db.transaction((tx) => lockProgress(tx, partitions));

  expect(rows.map(({ topic }) => topic)).toEqual(['a', 'b', 'c']);
});
