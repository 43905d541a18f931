import { identityIdOf } from '@latchkey/contracts';
import { type Db, notePolicy, openDatabase } from '@latchkey/postgres';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { TestDatabase } from '../support/database.ts';
import { HR, type SentEvent } from '../support/events.ts';
import {
  ageFacts,
  joined,
  LARGE_STEPS,
  moved,
  openPruningHarness,
  type PruningHarness,
  pruneAll,
  SMALL_STEPS,
  stated,
} from '../support/pruning.ts';
import { nameOf, wrappedClient } from '../support/wrapped-client.ts';

/** In the order in which their engagements are looked at. */
const PEOPLE = ['one', 'two', 'three'].toSorted((a, b) =>
  identityIdOf(HR, a) < identityIdOf(HR, b) ? -1 : 1,
);
const [FIRST = '', ...BEHIND] = PEOPLE;
const LATER = Array.from({ length: 20 }, (_, at) => at + 3);

let harness: PruningHarness;
let database: TestDatabase;
let db: Db;
/** Old facts that each statement has read. */
let read: number[];
beforeEach(async () => {
  harness = await openPruningHarness();
  ({ database } = harness);
  read = [];
  db = openDatabase({
    url: database.url,
    role: 'latchkey_reconciler',
    poolSize: 1,
    applicationName: 'test-pruning',
    onConnectionLost: () => undefined,
    Client: wrappedClient((query) => async (config, values) => {
      const result = await query(config, values);
      if (nameOf(config).startsWith('list_old_facts')) {
        read.push((result as { rows: readonly unknown[] }).rows.length);
      }
      return result;
    }),
  });
});
afterEach(async () => {
  await db[Symbol.asyncDispose]();
  await harness[Symbol.asyncDispose]();
});

/** The orders of the facts that are kept of a person. */
async function ordersOf(person: string): Promise<readonly number[]> {
  const rows = await database.query<{ place: number }>(
    'select source_order::int as place from fact where identity_id = $1 order by 1, event_id',
    [identityIdOf(HR, person)],
  );
  return rows.map(({ place }) => place);
}

/** Old facts: these of the first person, and three of each other, of which two can be pruned. */
async function sendOld(...first: readonly SentEvent[]): Promise<void> {
  await harness.process([
    ...first,
    ...BEHIND.flatMap((name) => [joined(name), moved(2, 'Before', name), stated(3, name)]),
  ]);
  await ageFacts(database);
}

function laterMoves(): readonly SentEvent[] {
  return LATER.map((at) => moved(at, `D${at}`, FIRST));
}

test('a long history without a full statement is not read at all, and those behind it are pruned', async () => {
  await sendOld(joined(FIRST), ...laterMoves());
  expect(await pruneAll(db, SMALL_STEPS)).toEqual([2, 2]);
  // Three facts of each of the others, in pages of two.
  expect(read).toEqual([2, 1, 2, 1]);
  expect(await ordersOf(FIRST)).toEqual([1, ...LATER]);
});

test('a history whose full statement is above more facts than one transaction reads is left as well', async () => {
  await sendOld(joined(FIRST), ...laterMoves(), stated(30, FIRST));
  expect(await pruneAll(db, SMALL_STEPS)).toEqual([2, 2]);
  expect(read).toEqual([2, 1, 2, 1]);
  expect(await pruneAll(db, LARGE_STEPS)).toEqual([LATER.length + 1]);
  expect(await ordersOf(FIRST)).toEqual([30]);
});

test('where nothing can be pruned a transaction reads up to its limit and writes nothing', async () => {
  // A full statement that another fact is tied with replaces nothing.
  await sendOld(
    joined(FIRST),
    stated(2, FIRST),
    moved(2, 'Tied', FIRST),
    ...laterMoves(),
    stated(30, FIRST),
  );
  expect(await pruneAll(db, SMALL_STEPS)).toEqual([0, 2, 2]);
  // Five, which is the limit; then the others.
  expect(read).toEqual([2, 2, 1, 2, 1, 2, 1]);
  expect(await ordersOf(FIRST)).toEqual([1, 2, 2, ...LATER, 30]);
  const checkpoints = await database.query(
    'select from engagement_checkpoint where identity_id = $1 and pruned_below is not null',
    [identityIdOf(HR, FIRST)],
  );
  expect(checkpoints).toEqual([]);
});

test('the full statement that is looked for may be the last but one fact that a transaction reads', async () => {
  const { page } = SMALL_STEPS;
  await sendOld(joined(FIRST), moved(2, 'D', FIRST), moved(3, 'E', FIRST), stated(4, FIRST));
  const reading = (maxRows: number) => ({ page, transaction: { maxRows, maxBytes: 100_000 } });
  expect(await pruneAll(db, reading(4))).toEqual([2, 2]);
  expect(await pruneAll(db, reading(5))).toEqual([3]);
});

test('a transaction reads no more bytes than its limit, but for the last fact', async () => {
  await sendOld(joined(FIRST), moved(2, 'D', FIRST), stated(3, FIRST));
  const transaction = { maxRows: 5, maxBytes: 1 };
  expect(await pruneAll(db, { ...SMALL_STEPS, transaction })).toEqual([0, 0, 0]);
  expect(read).toEqual([1, 1, 1]);
});

test('an older version that begins after engagements were listed stops what is left of them', async () => {
  const policyHash = 'a'.repeat(64);
  await sendOld(joined(FIRST), moved(2, 'D', FIRST), stated(3, FIRST));
  const noteAsOlder = async (): Promise<void> => {
    await database.query(
      `insert into policy_at_work as known (policy_hash, seen_at) values ($1, clock_timestamp())
       on conflict (policy_hash) do update set seen_at = greatest(known.seen_at, excluded.seen_at)`,
      [policyHash],
    );
  };
  expect(await pruneAll(db, SMALL_STEPS, noteAsOlder)).toEqual([2, 0, 0]);
  await db.run(notePolicy, { policyHash });
  expect(await pruneAll(db, SMALL_STEPS)).toEqual([]);
  expect(await ordersOf(FIRST)).toEqual([3]);
  for (const name of BEHIND) expect(await ordersOf(name)).toEqual([1, 2, 3]);
});
