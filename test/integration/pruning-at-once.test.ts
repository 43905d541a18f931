import { notePolicy } from '@latchkey/postgres';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { TestDatabase } from '../support/database.ts';
import { lockRows } from '../support/lock-rows.ts';
import {
  ageFacts,
  joined,
  moved,
  openPruningHarness,
  PERSON,
  type PruningHarness,
  pruneAll,
  stated,
} from '../support/pruning.ts';

let harness: PruningHarness;
let database: TestDatabase;
beforeEach(async () => {
  harness = await openPruningHarness();
  ({ database } = harness);
});
afterEach(() => harness[Symbol.asyncDispose]());

test('a transaction that fails half-way has pruned nothing', async () => {
  await harness.send(joined(), moved(2), stated(3));
  await ageFacts(database);
  const before = await harness.factBytes();
  await database.query(`create function refuse() returns trigger language plpgsql as
    $$ begin raise exception 'refused'; end $$`);
  await database.query(
    'create trigger refuse before update on identity for each row execute function refuse()',
  );
  await expect(pruneAll(harness.db)).rejects.toThrow('refused');
  await database.query('drop trigger refuse on identity');
  await database.query('drop function refuse');
  expect(await harness.orders()).toEqual([1, 2, 3]);
  expect(await harness.checkpoint()).toBeUndefined();
  expect(await harness.factBytes()).toBe(before);
  expect(await pruneAll(harness.db)).toEqual([2]);
});

test('a janitor whose session is ended half-way has pruned nothing, and leaves nothing locked', async () => {
  await harness.send(joined(), moved(2), stated(3));
  await ageFacts(database);
  {
    await using _locked = await lockRows(
      database,
      'select from fact where source_order = 2 for update',
    );
    const pruning = pruneAll(harness.db).catch((error: unknown) => error);
    const end = `select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`;
    await expect.poll(() => database.query(end)).toHaveLength(1);
    expect(await pruning).toBeInstanceOf(Error);
  }
  expect(await harness.orders()).toEqual([1, 2, 3]);
  expect(await harness.checkpoint()).toBeUndefined();
  expect(await pruneAll(harness.db)).toEqual([2]);
});

test('nothing is pruned while an older version notes its policy, and for five minutes after', async () => {
  await harness.send(joined(), moved(2), stated(3));
  await ageFacts(database);
  const policyHash = 'a'.repeat(64);
  const noteAsOlder = (): Promise<unknown> =>
    database.query(
      `insert into policy_at_work as known (policy_hash, seen_at) values ($1, clock_timestamp())
       on conflict (policy_hash) do update set seen_at = greatest(known.seen_at, excluded.seen_at)`,
      [policyHash],
    );
  await noteAsOlder();
  expect(await pruneAll(harness.db)).toEqual([]);
  await harness.db.run(notePolicy, { policyHash });
  await noteAsOlder();
  await harness.db.run(notePolicy, { policyHash });
  expect(await pruneAll(harness.db)).toEqual([]);
  await database.query(
    `update policy_at_work set seen_by_pruning_at = clock_timestamp(),
       seen_by_older_at = seen_by_older_at - interval '5 minutes'`,
  );
  await harness.db.run(notePolicy, { policyHash });
  expect(await pruneAll(harness.db)).toEqual([2]);
});

test('an engagement of a person whom another transaction has locked is pruned another time', async () => {
  await harness.send(joined(), moved(2), stated(3));
  await ageFacts(database);
  {
    await using _locked = await lockRows(
      database,
      `select from identity where external_id = '${PERSON}' for no key update`,
    );
    expect(await pruneAll(harness.db)).toEqual([0]);
  }
  await expect.poll(() => pruneAll(harness.db)).toEqual([2]);
});

test('of two janitors and events at the same time each fact is pruned by one, and every event counts', async () => {
  const people = Array.from({ length: 20 }, (_, at) => `${PERSON}-${at}`);
  await harness.process(
    people.flatMap((name) => [joined(name), moved(2, 'Before', name), stated(3, name)]),
  );
  await ageFacts(database);
  const counts = await Promise.all([
    pruneAll(harness.db),
    pruneAll(harness.db),
    harness
      .process(people.flatMap((name) => [moved(4, 'Legal', name), moved(2, 'Late', name)]))
      .then(() => []),
  ]);
  counts.push(await pruneAll(harness.db));
  const rows = await database.query<{ department: string; kept: string; is_pruned: boolean }>(
    `select account.attributes::json ->> 'department' as department,
       (select string_agg(source_order::text, ' ' order by source_order) from fact
        where fact.identity_id = identity.identity_id) as kept,
       exists (select from engagement_checkpoint as one
         where one.identity_id = identity.identity_id and pruned_below = 3) as is_pruned
     from identity join account using (identity_id) where target = 'directory'`,
  );
  expect(rows).toHaveLength(people.length);
  for (const { department, kept, is_pruned: isPruned } of rows) {
    expect(department).toBe('Legal');
    // The late fact came before, and keeps what is beside it, or after.
    expect(kept).toBe(isPruned ? '2 3 4' : '1 2 2 3 4');
  }
  const pruned = rows.filter((row) => row.is_pruned).length;
  expect(counts.flat().reduce((sum, count) => sum + count, 0)).toBe(2 * pruned);
});
