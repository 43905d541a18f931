import {
  claimEvents,
  type Db,
  ensureLanes,
  insertProgress,
  lockCorrelationKeys,
  lockFailureCounts,
  lockIdentities,
  lockLanes,
  lockProgress,
  lockReviews,
  lockVerifications,
} from '@latchkey/postgres';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { type IntakeHarness, openIntakeHarness } from '../support/intake-harness.ts';
import { nameOf, wrappedClient } from '../support/wrapped-client.ts';

/** The rows are stored in the reverse order of their keys. */
const LAST_FIRST = ['c', 'b', 'a'];

/** Rows come in stored order unless the statement itself sorts them. Services get other plans. */
const SEQUENTIAL = [
  'enable_indexscan = off',
  'enable_indexonlyscan = off',
  'enable_nestloop = off',
  'enable_seqscan = on',
  'enable_hashjoin = on',
]
  .map((setting) => `set local ${setting}`)
  .join('; ');
const sequential = wrappedClient((query) => (config, values) => {
  const answer = query(config, values);
  if (nameOf(config) === 'begin') query(SEQUENTIAL).catch(() => undefined);
  return answer;
});

let database: TestDatabase;
let harness: IntakeHarness;
let db: Db;
beforeEach(async () => {
  database = await createTestDatabase();
  harness = await openIntakeHarness(database, undefined, { Client: sequential });
  ({ db } = harness);
});
afterEach(async () => {
  await harness[Symbol.asyncDispose]();
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

test('counts of failures are locked in the order of their keys, also on a sequential plan', async () => {
  const keys = LAST_FIRST.flatMap((subject) =>
    LAST_FIRST.map((purpose) => ({ subject, purpose: `${purpose}-purpose` })),
  );
  for (const key of keys) await db.transaction((tx) => lockFailureCounts(tx, [key]));

  const rows = await db.transaction((tx) => lockFailureCounts(tx, keys));

  expect(rows.map(({ subject, purpose }) => ({ subject, purpose }))).toEqual(keys.toReversed());
});

test('reviews that count many are locked in the order of their ids, also on a sequential plan', async () => {
  const ids = LAST_FIRST.map((name) => `${name.repeat(8)}-0000-5000-8000-000000000000`);
  for (const id of ids) {
    await database.query(
      `insert into review (review_id, kind, subject, owner, detail, due_at, state)
       values ($1, 'leavers_unknown', 's', 'o', '{}', now(), 'open')`,
      [id],
    );
  }

  const rows = await db.transaction((tx) => lockReviews(tx, ids));

  expect(rows.map(({ reviewId }) => reviewId)).toEqual(ids.toReversed());
});

/** Many, in no order. */
const KEYS = Array.from({ length: 40 }, (_, index) => `key-${String(((index * 17) % 40) + 10)}`);

/** Row by row in stored order: each row is locked when it is created. */
async function madeIn(table: string, column: string): Promise<readonly string[]> {
  const rows = await database.query<{ key: string }>(
    `select ${column} as key from ${table} order by ctid`,
  );
  return rows.map(({ key }) => key);
}

test('new correlation keys, identities, verifications and counts are created in the order of their keys', async () => {
  const ids = KEYS.map((key) => `${key.slice(-2).repeat(4)}-0000-5000-8000-000000000000`);
  await db.transaction(async (tx) => {
    await lockCorrelationKeys(
      tx,
      KEYS.map((value) => ({ kind: 'engagement', value, externalId: 'a' })),
    );
    const source = 'urn:example:hr';
    await lockIdentities(
      tx,
      ids.map((identityId) => ({ identityId, source, externalId: identityId })),
    );
    await lockVerifications(
      tx,
      KEYS.map((verificationId) => ({ verificationId, topic: 't', partition: 0 })),
    );
    await lockFailureCounts(
      tx,
      KEYS.map((subject) => ({ subject, purpose: 'p' })),
    );
  });

  expect(await madeIn('correlation_key', 'value')).toEqual(KEYS.toSorted());
  expect(await madeIn('identity', 'identity_id')).toEqual(ids.toSorted());
  expect(await madeIn('verification', 'verification_id')).toEqual(KEYS.toSorted());
  expect(await madeIn('verification_failure', 'subject')).toEqual(KEYS.toSorted());
});

test('claims are inserted in the order of their ids', async () => {
  const claims = KEYS.map((eventId) => ({ eventId, fingerprint: 'ab'.repeat(32) }));
  await db.transaction((tx) => claimEvents(tx, claims));

  const rows = await database.query<{ part: string; ids: string[] }>(
    'select tableoid::regclass::text as part, array_agg(event_id order by ctid) as ids from inbox group by 1',
  );
  expect(rows.flatMap(({ ids }) => ids)).toHaveLength(KEYS.length);
  expect(rows.some(({ ids }) => ids.length > 1)).toBe(true);
  for (const { ids } of rows) expect(ids).toEqual(ids.toSorted());
});

test('lanes are locked in order, however they are given', async () => {
  await db.run(ensureLanes, { topic: 'one', partitions: 3 });
  const lanes = await database.query<{ lane: number }>(
    'select lane from outbox_lane order by lane',
  );
  const [first, middle, last] = lanes.map(({ lane }) => lane);
  const held = async (): Promise<readonly unknown[]> =>
    database.query(
      `select objid::integer as lane, granted from pg_locks
       where locktype = 'advisory' and objid = any ($1)
         and database = (select oid from pg_database where datname = current_database())
       order by 1, 2 desc`,
      [lanes.map(({ lane }) => lane)],
    );
  const release = Promise.withResolvers<undefined>();
  const inTheWay = db.transaction(async (tx) => {
    await tx.run(lockLanes, { lanes: String(middle) });
    await release.promise;
  });
  try {
    await expect.poll(held).toEqual([{ lane: middle, granted: true }]);
    const given = [last, middle, first].join('\x1f');
    const waits = db.transaction((tx) => tx.run(lockLanes, { lanes: given }));
    await expect.poll(held).toEqual([
      { lane: first, granted: true },
      { lane: middle, granted: true },
      { lane: middle, granted: false },
    ]);
    release.resolve(undefined);
    await waits;
  } finally {
    release.resolve(undefined);
    await inTheWay;
  }
});
