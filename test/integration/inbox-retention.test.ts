import type { Batch } from '@latchkey/intake';
import { FORGET_MAX_ROWS, openDatabase } from '@latchkey/postgres';
import { Client } from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { asked, type ForgetfulDesk, joined, openForgetfulDesk } from '../support/forgetful-desk.ts';

const DAY_MS = 86_400_000;

let desk: ForgetfulDesk;
beforeEach(async () => {
  desk = await openForgetfulDesk();
});
afterEach(() => desk[Symbol.asyncDispose]());

test('what is older than the retention is forgotten, and nothing else', async () => {
  await desk.take([joined('a'), joined('b')]);
  await desk.age(31);
  await desk.take([joined('c')]);
  const [last] = await desk.query<{ at: Date }>(
    "select max(received_at) as at from inbox where received_at < now() - interval '30 days'",
  );

  expect(await desk.forget()).toBe(2);

  expect(await desk.query('select count(*)::int as n from inbox')).toEqual([{ n: 1 }]);
  expect(await desk.retainedSince()).toEqual(new Date((last?.at.getTime() ?? 0) + 5_000));
});

test('while nothing is forgotten, the inbox remembers everything', async () => {
  await desk.take([joined('a')]);
  await desk.age(29);
  expect(await desk.forget()).toBe(0);
  expect(await desk.retainedSince()).toBeNull();
});

test('how far back the inbox remembers never goes back', async () => {
  const before = new Date(Date.now() - 3 * DAY_MS);
  await desk.query('update inbox_retention set retained_since = $1', [before]);
  await desk.take([joined('a')]);
  await desk.age(31);
  expect(await desk.forget()).toBe(1);
  expect(await desk.retainedSince()).toEqual(before);
});

test('one that fails half-way has forgotten nothing', async () => {
  await desk.take([joined('a')]);
  await desk.age(31);
  await desk.query(`create function refuse() returns trigger language plpgsql as
    $$ begin raise exception 'refused'; end $$`);
  await desk.query(
    'create trigger refuse before update on inbox_retention for each row execute function refuse()',
  );
  await expect(desk.forget()).rejects.toThrow('refused');
  expect(await desk.query('select count(*)::int as n from inbox')).toEqual([{ n: 1 }]);
  expect(await desk.retainedSince()).toBeNull();
});

test('what is forgotten while a batch claims it is not applied again', async () => {
  const event = asked('v1');
  await desk.takeBatch(desk.stamped(31, event));
  await desk.age(31);
  // As if the report were one that leaves nothing behind.
  await desk.query('delete from verification_callback');
  const janitor = new Client({ connectionString: desk.databaseUrl });
  await janitor.connect();
  await janitor.query('begin');
  await janitor.query('delete from inbox');
  await janitor.query(
    "update inbox_retention set retained_since = now() - interval '30 days' where only_row",
  );
  const batch = desk.stamped(31, event);
  const taken = desk.takeBatch(batch).catch((error: unknown) => String(error));
  await expect
    .poll(() =>
      desk.query("select from pg_stat_activity where datname = $1 and wait_event_type = 'Lock'", [
        desk.databaseName,
      ]),
    )
    .toHaveLength(1);
  await janitor.query('commit');
  await janitor.end();

  expect(await taken).toContain('has just forgotten');
  expect(await desk.takeBatch(batch)).toMatchObject({ counts: { deadLetter: 1 } });
  expect(await desk.query('select code from dead_letter')).toEqual([{ code: 'TOO_OLD' }]);
});

test('a janitor beside batches and redeliveries: nothing is applied twice, nothing is lost', async () => {
  const events = Array.from({ length: 60 }, (_, index) =>
    index % 2 === 0 ? joined(`p${index}`) : asked(`v${index}`),
  );
  const records = events.filter((_, index) => index % 2 === 0);
  const reports = events.filter((_, index) => index % 2 === 1);
  for (const part of [records, reports]) await desk.takeBatch(desk.stamped(31, ...part));
  const rounds = 12;
  const stop = new AbortController();
  const janitors = [0, 1].map(async () => {
    while (!stop.signal.aborted) {
      await desk.age(31);
      await desk.forget();
    }
  });
  for (let round = 0; round < rounds; round += 1) {
    await Promise.all([
      takeInTheEnd(desk.stamped(0, ...records)),
      takeInTheEnd(desk.stamped(0, ...reports)),
    ]);
  }
  stop.abort();
  await Promise.all(janitors);

  const [counts] = await desk.query(
    'select sum(received)::int as received, sum(applied)::int as applied, sum(duplicate)::int as duplicate from intake_progress',
  );
  expect(counts).toEqual({ received: 60 * (rounds + 1), applied: 60, duplicate: 60 * rounds });
  expect(await desk.query('select from fact')).toHaveLength(30);
  expect(await desk.query('select from verification_callback')).toHaveLength(30);
  expect(await desk.query("select from audit_entry where trigger = 'event'")).toHaveLength(60);
});

test('two janitors at once: each claim is forgotten by one', async () => {
  await desk.query(
    `insert into inbox (event_id, fingerprint, received_at)
     select 'urn:x#' || n, sha256(n::text::bytea), now() - interval '31 days'
     from generate_series(1, 1500) as n`,
  );
  const drain = async (): Promise<number> => (await desk.forget()) + (await desk.forget());
  const both = await Promise.all([drain(), drain()]);
  // One may have found the other at it.
  expect(both[0] + both[1] + (await desk.forget())).toBe(1_500);
  expect(await desk.query('select from inbox')).toEqual([]);
});

test('a batch of the janitor reads what it forgets, and not the inbox', async () => {
  const rows = 200_000;
  await desk.query(
    `insert into inbox (event_id, fingerprint, received_at)
     select 'urn:x#' || n, sha256(n::text::bytea), now() - make_interval(secs => 60 * n)
     from generate_series(1, ${rows}) as n`,
  );
  await desk.query('vacuum analyze inbox');
  await desk.query('select pg_stat_reset()');
  {
    await using db = openDatabase({
      url: desk.databaseUrl,
      role: 'latchkey_reconciler',
      poolSize: 1,
      applicationName: 'test-janitor',
      onConnectionLost: () => undefined,
    });
    expect(await desk.forget(db)).toBe(FORGET_MAX_ROWS);
  }
  const reads = async (): Promise<Record<string, number> | undefined> => {
    const [row] = await desk.query<Record<string, number>>(
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

/** As the reconciler does: what is not the data's fault is tried again. */
async function takeInTheEnd(batch: Batch): Promise<void> {
  await expect
    .poll(async () => {
      try {
        return (await desk.takeBatch(batch)).kind;
      } catch (error) {
        return String(error);
      }
    })
    .toBe('processed');
}
