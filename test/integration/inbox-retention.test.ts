import type { Batch } from '@latchkey/intake';
import { FORGET_MAX_ROWS, openDatabase } from '@latchkey/postgres';
import { Client } from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  asked,
  joined,
  openRetentionHarness,
  type RetentionHarness,
} from '../support/retention-harness.ts';

const DAY_MS = 86_400_000;

let harness: RetentionHarness;
beforeEach(async () => {
  harness = await openRetentionHarness();
});
afterEach(() => harness[Symbol.asyncDispose]());

test('claims older than the retention are deleted, and no others', async () => {
  await harness.process([joined('a'), joined('b')]);
  await harness.age(31);
  await harness.process([joined('c')]);
  const [last] = await harness.query<{ at: Date }>(
    "select max(received_at) as at from inbox where received_at < now() - interval '30 days'",
  );

  expect(await harness.forget()).toBe(2);

  expect(await harness.query('select count(*)::int as n from inbox')).toEqual([{ n: 1 }]);
  expect(await harness.retainedSince()).toEqual(new Date((last?.at.getTime() ?? 0) + 5_000));
});

test('until a claim is deleted, the inbox has no limit', async () => {
  await harness.process([joined('a')]);
  await harness.age(29);
  expect(await harness.forget()).toBe(0);
  expect(await harness.retainedSince()).toBeNull();
});

test('retained_since never goes back', async () => {
  const before = new Date(Date.now() - 3 * DAY_MS);
  await harness.query('update inbox_retention set retained_since = $1', [before]);
  await harness.process([joined('a')]);
  await harness.age(31);
  expect(await harness.forget()).toBe(1);
  expect(await harness.retainedSince()).toEqual(before);
});

test('a janitor that fails half-way has deleted nothing', async () => {
  await harness.process([joined('a')]);
  await harness.age(31);
  await harness.query(`create function refuse() returns trigger language plpgsql as
    $$ begin raise exception 'refused'; end $$`);
  await harness.query(
    'create trigger refuse before update on inbox_retention for each row execute function refuse()',
  );
  await expect(harness.forget()).rejects.toThrow('refused');
  expect(await harness.query('select count(*)::int as n from inbox')).toEqual([{ n: 1 }]);
  expect(await harness.retainedSince()).toBeNull();
});

test('a claim that is deleted while a batch claims it is not applied again', async () => {
  const event = asked('v1');
  await harness.processBatch(harness.stamped(31, event));
  await harness.age(31);
  // As if the report were one that leaves no row.
  await harness.query('delete from verification_callback');
  const janitor = new Client({ connectionString: harness.databaseUrl });
  await janitor.connect();
  await janitor.query('begin');
  await janitor.query('delete from inbox');
  await janitor.query(
    "update inbox_retention set retained_since = now() - interval '30 days' where only_row",
  );
  const batch = harness.stamped(31, event);
  const processing = harness.processBatch(batch).catch((error: unknown) => String(error));
  await expect
    .poll(() =>
      harness.query(
        "select from pg_stat_activity where datname = $1 and wait_event_type = 'Lock'",
        [harness.databaseName],
      ),
    )
    .toHaveLength(1);
  await janitor.query('commit');
  await janitor.end();

  expect(await processing).toContain('has just forgotten');
  expect(await harness.processBatch(batch)).toMatchObject({ counts: { deadLetter: 1 } });
  expect(await harness.query('select code from dead_letter')).toEqual([{ code: 'TOO_OLD' }]);
});

test('with a janitor, batches and redeliveries at once nothing is applied twice or lost', async () => {
  const events = Array.from({ length: 60 }, (_, index) =>
    index % 2 === 0 ? joined(`p${index}`) : asked(`v${index}`),
  );
  const records = events.filter((_, index) => index % 2 === 0);
  const reports = events.filter((_, index) => index % 2 === 1);
  for (const part of [records, reports]) await harness.processBatch(harness.stamped(31, ...part));
  const rounds = 12;
  const stop = new AbortController();
  const janitors = [0, 1].map(async () => {
    while (!stop.signal.aborted) {
      await harness.age(31);
      await harness.forget();
    }
  });
  for (let round = 0; round < rounds; round += 1) {
    await Promise.all([
      processUntilDone(harness.stamped(0, ...records)),
      processUntilDone(harness.stamped(0, ...reports)),
    ]);
  }
  stop.abort();
  await Promise.all(janitors);

  const [counts] = await harness.query(
    'select sum(received)::int as received, sum(applied)::int as applied, sum(duplicate)::int as duplicate from intake_progress',
  );
  expect(counts).toEqual({ received: 60 * (rounds + 1), applied: 60, duplicate: 60 * rounds });
  expect(await harness.query('select from fact')).toHaveLength(30);
  expect(await harness.query('select from verification_callback')).toHaveLength(30);
  expect(await harness.query("select from audit_entry where trigger = 'event'")).toHaveLength(60);
});

test('of two janitors at once each claim is deleted by one', async () => {
  await harness.query(
    `insert into inbox (event_id, fingerprint, received_at)
     select 'urn:x#' || n, sha256(n::text::bytea), now() - interval '31 days'
     from generate_series(1, 1500) as n`,
  );
  const drain = async (): Promise<number> => (await harness.forget()) + (await harness.forget());
  const both = await Promise.all([drain(), drain()]);
  // One may have found the other running.
  expect(both[0] + both[1] + (await harness.forget())).toBe(1_500);
  expect(await harness.query('select from inbox')).toEqual([]);
});

test('a batch of the janitor reads the claims that it deletes, not the whole inbox', async () => {
  const rows = 200_000;
  await harness.query(
    `insert into inbox (event_id, fingerprint, received_at)
     select 'urn:x#' || n, sha256(n::text::bytea), now() - make_interval(secs => 60 * n)
     from generate_series(1, ${rows}) as n`,
  );
  await harness.query('vacuum analyze inbox');
  await harness.query('select pg_stat_reset()');
  {
    await using db = openDatabase({
      url: harness.databaseUrl,
      role: 'latchkey_reconciler',
      poolSize: 1,
      applicationName: 'test-janitor',
      onConnectionLost: () => undefined,
    });
    expect(await harness.forget(db)).toBe(FORGET_MAX_ROWS);
  }
  const reads = async (): Promise<Record<string, number> | undefined> => {
    const [row] = await harness.query<Record<string, number>>(
      `select sum(seq_tup_read)::float8 as scanned, sum(idx_tup_fetch)::float8 as fetched,
         sum(n_tup_del)::float8 as deleted
       from pg_stat_user_tables where relname like 'inbox\\__' or relname like 'inbox\\___'`,
    );
    return row;
  };
  // The statistics of a session are complete when it has ended.
  await expect.poll(async () => (await reads())?.['deleted']).toBe(FORGET_MAX_ROWS);
  const found = await reads();
  expect(found?.['scanned']).toBe(0);
  // Each is found by age, locked, and looked up by its id.
  expect(found?.['fetched']).toBeLessThanOrEqual(3 * FORGET_MAX_ROWS + 32);
});

/** As the reconciler does: errors of the system are tried again. */
async function processUntilDone(batch: Batch): Promise<void> {
  await expect
    .poll(async () => {
      try {
        return (await harness.processBatch(batch)).kind;
      } catch (error) {
        return String(error);
      }
    })
    .toBe('processed');
}
