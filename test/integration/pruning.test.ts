import { identityIdOf } from '@latchkey/contracts';
import { notePolicy } from '@latchkey/postgres';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { employee, HR, hrEvent, inDays, SECURITY, type SentEvent } from '../support/events.ts';
import { type IntakeHarness, openIntakeHarness } from '../support/intake-harness.ts';
import { lockRows } from '../support/lock-rows.ts';
import { ageFacts, pruneAll, SMALL_STEPS } from '../support/pruning.ts';

const LARGE_STEPS = {
  page: { maxRows: 1_000, maxBytes: 1_000_000 },
  transaction: { maxRows: 5_000, maxBytes: 1_000_000 },
};

let database: TestDatabase;
let harness: IntakeHarness;
beforeEach(async () => {
  database = await createTestDatabase();
  harness = await openIntakeHarness(database);
});
afterEach(async () => {
  await harness[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

let person = 'p';

function joined(revision = 1): SentEvent {
  return hrEvent('joined', person, revision, {
    startsAt: inDays(-900),
    attributes: employee('Sales'),
  });
}

function moved(revision: number, department = `D${revision}`): SentEvent {
  const effectiveAt = inDays(-900 + revision / 10);
  return hrEvent('moved', person, revision, { effectiveAt, attributes: { department } });
}

function stated(revision: number, department = 'Stated'): SentEvent {
  const timeline = [{ from: inDays(-900), attributes: employee(department) }];
  return hrEvent('stated', person, revision, { startsAt: inDays(-900), timeline });
}

async function send(...events: readonly SentEvent[]): Promise<void> {
  for (const event of events) {
    expect(await harness.process([event])).toMatchObject({
      counts: { received: 1, deadLetter: 0 },
    });
  }
}

async function ordersOf(): Promise<readonly number[]> {
  const rows = await database.query<{ place: number }>(
    'select source_order::int as place from fact where identity_id = $1 order by 1',
    [identityIdOf(HR, person)],
  );
  return rows.map(({ place }) => place);
}

async function readCheckpoint() {
  const [row] = await database.query<{ through: number | null; below: number | null }>(
    `select through_order::int as through, pruned_below::int as below from engagement_checkpoint
     where identity_id = $1`,
    [identityIdOf(HR, person)],
  );
  return row;
}

async function departmentOf(): Promise<string | undefined> {
  const [row] = await database.query<{ department: string }>(
    `select attributes::json ->> 'department' as department from account
     where identity_id = $1 and target = 'directory'`,
    [identityIdOf(HR, person)],
  );
  return row?.department;
}

async function bytesOf(): Promise<number> {
  const [row] = await database.query<{ bytes: number }>(
    'select fact_bytes::float as bytes from identity where external_id = $1',
    [person],
  );
  return row?.bytes ?? Number.NaN;
}

async function reviewKinds(): Promise<readonly string[]> {
  const rows = await database.query<{ kind: string }>(
    'select kind from review where subject like $1 order by kind',
    [`%${person}%`],
  );
  return rows.map(({ kind }) => kind);
}

test('facts below the newest old full statement are deleted; the head stays where it is above', async () => {
  await send(joined(), ...[2, 3, 4, 5].map((at) => moved(at)), stated(6));
  for (let revision = 7; revision < 15; revision += 1) await send(moved(revision));
  const before = await readCheckpoint();
  expect(before?.through).toBeGreaterThan(6);
  const bytes = await bytesOf();
  await ageFacts(database);
  expect(await pruneAll(harness.db, LARGE_STEPS)).toEqual([5]);
  expect(await ordersOf()).toEqual([6, 7, 8, 9, 10, 11, 12, 13, 14]);
  expect(await readCheckpoint()).toEqual({ ...before, below: 6 });
  // They were in the head.
  expect(await bytesOf()).toBe(bytes);
  expect(await pruneAll(harness.db, LARGE_STEPS)).toEqual([]);
  await send(moved(15, 'Legal'));
  expect(await departmentOf()).toBe('Legal');
});

test('a head that ends below the full statement is dropped with its keys, and its bytes are not counted any more', async () => {
  await send(joined());
  for (let revision = 2; revision < 9; revision += 1) await send(moved(revision));
  const head = await readCheckpoint();
  expect(head?.through).toBeGreaterThan(2);
  await send(stated(9));
  await database.query(
    `insert into checkpoint_row_key select identity_id, source, engagement, 'F'
     from engagement_checkpoint where identity_id = $1`,
    [identityIdOf(HR, person)],
  );
  // As it was before the full statement made it advance.
  await database.query(
    `update engagement_checkpoint set through_order = 5 where identity_id = $1 and through_order > 5`,
    [identityIdOf(HR, person)],
  );
  await ageFacts(database);
  await pruneAll(harness.db, LARGE_STEPS);
  expect(await readCheckpoint()).toEqual({ through: null, below: 9 });
  expect(
    await database.query('select from checkpoint_row_key where identity_id = $1', [
      identityIdOf(HR, person),
    ]),
  ).toEqual([]);
  await send(moved(10, 'Legal'));
  expect(await departmentOf()).toBe('Legal');
});

test('bytes of pruned facts that were read beside no head are not counted any more', async () => {
  await send(joined(), moved(2), stated(3));
  const before = await bytesOf();
  const [row] = await database.query<{ bytes: number }>(
    `select sum(octet_length(data))::float as bytes from fact
     where identity_id = $1 and source_order < 3`,
    [identityIdOf(HR, person)],
  );
  await ageFacts(database);
  await pruneAll(harness.db);
  expect(await bytesOf()).toBe(before - (row?.bytes ?? Number.NaN));
});

test('nothing is pruned below a full statement that is recent, tied or the first, or while a fact below it is recent', async () => {
  await send(stated(1), joined(2), stated(4));
  await ageFacts(database, 2);
  await pruneAll(harness.db);
  expect(await ordersOf()).toEqual([1, 2, 4]);
  await send(moved(4));
  await ageFacts(database);
  await pruneAll(harness.db);
  expect(await ordersOf()).toEqual([1, 2, 4, 4]);
  await send(stated(5), stated(6));
  await ageFacts(database);
  await send(moved(3));
  await pruneAll(harness.db);
  expect(await ordersOf()).toEqual([1, 2, 3, 4, 4, 5, 6]);
  await ageFacts(database);
  await pruneAll(harness.db);
  expect(await ordersOf()).toEqual([6]);
});

test('other engagements, blocks and voided facts stay', async () => {
  const other = { engagement: `F-${person}`, startsAt: inDays(-9), attributes: employee('Legal') };
  const about = { person: { source: HR, externalId: person }, reason: 'r', incident: 'I' };
  const security = { source: SECURITY, type: 'latchkey.person.blocked.v1', data: about };
  await send(
    joined(),
    moved(2),
    hrEvent('joined', person, 3, other),
    hrEvent('blocked', person, 4, {}, security),
    stated(5),
  );
  await database.query('update fact set voided_at = now() where identity_id = $1 and kind = $2', [
    identityIdOf(HR, person),
    'moved',
  ]);
  await ageFacts(database);
  await pruneAll(harness.db);
  const facts = await database.query('select kind, engagement from fact order by kind, engagement');
  expect(facts).toEqual([
    { kind: 'blocked', engagement: null },
    { kind: 'joined', engagement: other.engagement },
    { kind: 'moved', engagement: `E-${person}` },
    { kind: 'stated', engagement: `E-${person}` },
  ]);
});

test('an engagement with more facts than a transaction reads is pruned in steps, to the lower full statement first', async () => {
  await send(joined(), moved(2), stated(3), moved(4), moved(5), stated(6), moved(7), stated(8));
  await ageFacts(database);
  expect(await pruneAll(harness.db, SMALL_STEPS)).toEqual([2, 3, 2]);
  expect(await ordersOf()).toEqual([8]);
});

test('the first full statement is found however many facts are below it', async () => {
  await send(joined());
  for (let revision = 2; revision < 20; revision += 1) await send(moved(revision));
  await send(stated(20));
  await ageFacts(database);
  expect(await pruneAll(harness.db, SMALL_STEPS)).toEqual([19]);
  expect(await ordersOf()).toEqual([20]);
});

test('more facts than a look at an engagement takes are pruned too', async () => {
  await send(joined(), stated(1_000));
  await database.query(
    `insert into fact (event_id, fingerprint, identity_id, source, kind, engagement, source_order, data)
     select event_id || n, fingerprint, identity_id, source, 'moved', engagement, n + 1,
       json_build_object('engagement', engagement, 'effectiveAt', '2020-01-01T00:00:00.000Z',
         'attributes', json_build_object('department', 'D' || n))
     from fact, generate_series(1, 400) as n where identity_id = $1 and source_order = 1`,
    [identityIdOf(HR, person)],
  );
  await ageFacts(database);
  expect(await pruneAll(harness.db, LARGE_STEPS)).toEqual([401]);
});

test('a fact below what was pruned is stale, with a review, and is deleted once it is old itself', async () => {
  await send(joined(), moved(5), stated(6));
  await ageFacts(database);
  await pruneAll(harness.db);
  const before = await bytesOf();
  expect(await harness.process([moved(4)])).toMatchObject({ counts: { applied: 0, stale: 1 } });
  expect(await reviewKinds()).toEqual(['fact_below_pruned']);
  expect(await pruneAll(harness.db)).toEqual([]);
  expect(await ordersOf()).toEqual([4, 6]);
  await send(moved(7, 'Legal'), stated(8), stated(9));
  await database.query(
    `update fact set received_at = now() - interval '731 days'
     where identity_id = $1 and source_order between 5 and 8`,
    [identityIdOf(HR, person)],
  );
  // It does not stop what is above it from being pruned.
  expect(await pruneAll(harness.db)).toEqual([2]);
  expect(await ordersOf()).toEqual([4, 8, 9]);
  await ageFacts(database);
  await database.query(
    `update fact set received_at = now() where identity_id = $1 and source_order > 4`,
    [identityIdOf(HR, person)],
  );
  expect(await pruneAll(harness.db)).toEqual([1]);
  expect(await ordersOf()).toEqual([8, 9]);
  expect(await bytesOf()).toBeGreaterThan(before);
});

test('a pruned fact that is delivered again after the inbox forgot it is stale, and never applied', async () => {
  const late = moved(5);
  const full = stated(6);
  await send(joined(), late, full);
  await ageFacts(database);
  await pruneAll(harness.db);
  expect(await harness.process([late])).toMatchObject({ counts: { duplicate: 1 } });
  await database.query('delete from inbox');
  const accounts = 'select * from account where identity_id = $1 order by target';
  const before = await database.query(accounts, [identityIdOf(HR, person)]);
  expect(await harness.process([late])).toMatchObject({ counts: { applied: 0, stale: 1 } });
  expect(await reviewKinds()).toEqual(['fact_below_pruned']);
  // What is not below is found in the record.
  expect(await harness.process([full])).toMatchObject({ counts: { duplicate: 1 } });
  expect(await database.query(accounts, [identityIdOf(HR, person)])).toEqual(before);
});

test('a transaction that fails half-way has pruned nothing', async () => {
  await send(joined(), moved(2), stated(3));
  await ageFacts(database);
  const before = await bytesOf();
  await database.query(`create function refuse() returns trigger language plpgsql as
    $$ begin raise exception 'refused'; end $$`);
  await database.query(
    'create trigger refuse before update on identity for each row execute function refuse()',
  );
  await expect(pruneAll(harness.db)).rejects.toThrow('refused');
  await database.query('drop trigger refuse on identity');
  await database.query('drop function refuse');
  expect(await ordersOf()).toEqual([1, 2, 3]);
  expect(await readCheckpoint()).toBeUndefined();
  expect(await bytesOf()).toBe(before);
  expect(await pruneAll(harness.db)).toEqual([2]);
});

test('a janitor whose session is ended half-way has pruned nothing, and leaves nothing locked', async () => {
  await send(joined(), moved(2), stated(3));
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
  expect(await ordersOf()).toEqual([1, 2, 3]);
  expect(await readCheckpoint()).toBeUndefined();
  expect(await pruneAll(harness.db)).toEqual([2]);
});

test('nothing is pruned while an older version notes its policy, and for five minutes after', async () => {
  await send(joined(), moved(2), stated(3));
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
  await send(joined(), moved(2), stated(3));
  await ageFacts(database);
  {
    await using _locked = await lockRows(
      database,
      `select from identity where external_id = '${person}' for no key update`,
    );
    expect(await pruneAll(harness.db)).toEqual([0]);
  }
  await expect.poll(() => pruneAll(harness.db)).toEqual([2]);
});

test('of two janitors and events at the same time each fact is pruned by one, and every event counts', async () => {
  const people = Array.from({ length: 20 }, (_, at) => `${person}-${at}`);
  const about = (events: (name: string) => readonly SentEvent[]): readonly SentEvent[] =>
    people.flatMap((name) => {
      person = name;
      return events(name);
    });
  await harness.process(about(() => [joined(), moved(2), stated(3)]));
  await ageFacts(database);
  const counts = await Promise.all([
    pruneAll(harness.db),
    pruneAll(harness.db),
    harness.process(about(() => [moved(4, 'Legal'), moved(2, 'Late')])).then(() => []),
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
