import { Client } from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { acceptFinding } from '../support/accept-finding.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { employee, hrEvent, inDays, type SentEvent } from '../support/events.ts';
import { type IntakeHarness, openIntakeHarness } from '../support/intake-harness.ts';

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

function joined(person: string, revision = 1, department = 'Sales'): SentEvent {
  const data = { startsAt: inDays(-9), attributes: employee(department) };
  return hrEvent('joined', person, revision, data);
}

/** The number of rows of every table that intake writes. */
async function rowCounts(): Promise<Record<string, number>> {
  const tables = [
    'inbox',
    'fact',
    'identity',
    'account',
    'assignment',
    'audit_entry',
    'outbox',
    'dead_letter',
    'conflict',
  ];
  const counts = await Promise.all(
    tables.map((table) => database.query<{ n: number }>(`select count(*)::int as n from ${table}`)),
  );
  return Object.fromEntries(tables.map((table, index) => [table, counts[index]?.[0]?.n ?? -1]));
}

test('a batch is applied: state, audit, outbox and position in one transaction', async () => {
  const outcome = await harness.process([joined('a'), joined('b')]);
  expect(outcome).toMatchObject({ kind: 'processed', counts: { received: 2, applied: 2 } });
  expect(await rowCounts()).toEqual({
    inbox: 2,
    fact: 2,
    identity: 2,
    account: 4,
    assignment: 4,
    audit_entry: 2,
    // a lifecycle message and two accounts each
    outbox: 6,
    dead_letter: 0,
    conflict: 0,
  });
  const [progress] = await database.query(
    'select next_offset, received, applied from intake_progress',
  );
  expect(progress).toEqual({ next_offset: '2', received: '2', applied: '2' });
});

test('a redelivered batch is skipped; its events after the position are duplicates', async () => {
  const events = [joined('a'), joined('b')];
  const batch = harness.batchOf(events);
  await harness.processBatch(batch);
  const before = await rowCounts();
  expect(await harness.processBatch(batch)).toEqual({ kind: 'done' });
  expect(await harness.process(events)).toMatchObject({
    kind: 'processed',
    counts: { duplicate: 2 },
  });
  expect(await rowCounts()).toEqual(before);
});

test('a batch that overlaps the position is processed from there on', async () => {
  const [a, b, c] = [joined('a'), joined('b'), joined('c')];
  await harness.process([a, b]);
  const later = harness.batchOf([c]);
  const overlapping = harness.batchOf([b, c]);
  const batch = {
    ...overlapping,
    fetchedOffset: 1n,
    nextOffset: 3n,
    deliveries: overlapping.deliveries.map((delivery, index) => ({
      ...delivery,
      offset: BigInt(index + 1),
    })),
  };
  expect(later.fetchedOffset).toBe(2n);
  expect(await harness.processBatch(batch)).toMatchObject({
    kind: 'processed',
    counts: { received: 1, applied: 1 },
  });
});

test('a session that is killed half-way leaves nothing, and the batch is applied once afterwards', async () => {
  const batch = harness.batchOf([joined('a'), joined('b')]);
  await harness.process([joined('first')], 1);
  const before = await rowCounts();
  // Another session locks all lanes, so that the transaction waits right before its COMMIT.
  const locker = new Client({ connectionString: database.url });
  await locker.connect();
  await locker.query('select pg_advisory_lock(19531, lane) from outbox_lane order by lane');
  const running = harness.processBatch(batch).then(
    () => 'committed',
    () => 'rolled back',
  );
  await expect
    .poll(terminateWaiting, { message: 'a session that waits for a lane' })
    .toBeGreaterThan(0);
  const blocked = await running;
  await locker.end();
  expect(blocked).toBe('rolled back');
  expect(await rowCounts()).toEqual(before);
  expect(await harness.processBatch(batch)).toMatchObject({
    kind: 'processed',
    counts: { applied: 2 },
  });
});

async function terminateWaiting(): Promise<number> {
  const ended = await harness.query(
    `select pg_terminate_backend(pid) from pg_locks
     where locktype = 'advisory' and classid = 19531 and not granted`,
  );
  return ended.length;
}

test('the same persons in two partitions at once: no deadlock, each event applied once', async () => {
  const events = Array.from({ length: 150 }, (_, index) => joined(`p${index}`));
  const moves = events.map(({ subject }) =>
    hrEvent('moved', subject, 2, {
      effectiveAt: inDays(-2),
      attributes: { department: 'Finance' },
    }),
  );
  const [one, two] = await Promise.all([
    harness.process([...events, ...moves], 0),
    harness.process([...moves, ...events].reverse(), 1),
  ]);
  for (const outcome of [one, two]) expect(outcome.kind).toBe('processed');
  const [totals] = await database.query(
    'select sum(applied)::int as applied, sum(duplicate)::int as duplicate, sum(stale)::int as stale from intake_progress',
  );
  expect(totals).toEqual({ applied: 300, duplicate: 300, stale: 0 });
  const accounts = await database.query<{ n: number }>(
    "select count(*)::int as n from account where state = 'enabled'",
  );
  expect(accounts[0]?.n).toBe(450);
  const gaps = await database.query(
    'select lane from outbox group by lane having max(position) <> count(*) or min(position) <> 1',
  );
  expect(gaps).toEqual([]);
});

test('a batch from above the position is refused: events in between would be skipped', async () => {
  await harness.process([joined('a')]);
  harness.batchOf([joined('skipped')]);
  const ahead = harness.batchOf([joined('b')]);
  expect(await harness.processBatch(ahead)).toEqual({ kind: 'ahead' });
});

test('a record that is not the one that was read stops the partition until it is accepted', async () => {
  const first = harness.batchOf([joined('a')]);
  await harness.processBatch(first);
  const other = {
    ...first,
    deliveries: [{ ...harness.batchOf([joined('x')]).deliveries[0], offset: 0n }],
  };
  const swapped = other as typeof first;
  expect(await harness.processBatch(swapped)).toMatchObject({ kind: 'stop', code: 'LOG_DIFFERS' });
  expect(await harness.processBatch(harness.batchOf([joined('b')]))).toEqual({ kind: 'stopped' });
  const { topic, partition } = first;
  await acceptFinding(harness.db, { topic, partition }, { nextOffset: 0n, operator: 'test' });
  expect(await harness.processBatch(swapped)).toMatchObject({
    kind: 'processed',
    counts: { applied: 1 },
  });
  const audit = await database.query(
    "select decider from audit_entry where subject_kind = 'intake_progress'",
  );
  expect(audit).toEqual([{ decider: 'operator:test' }]);
});

/** The database refuses facts of some engagements, as it would refuse a value that validation missed. */
async function plantPoison(): Promise<void> {
  await database.query(`
    create function refuse_poison() returns trigger language plpgsql as $$
    begin raise exception 'poison' using errcode = '22003'; end $$;
    create trigger poison before insert on fact for each row
    when (new.engagement like 'E-poison%') execute function refuse_poison();`);
}

test('an event that the database refuses is isolated; the others of its batch are applied', async () => {
  await plantPoison();
  const events = Array.from({ length: 20 }, (_, index) => joined(`g${index}`));
  const batch = harness.batchOf(events.toSpliced(7, 0, joined('poison')));
  await harness.processOrIsolate(batch);
  const [letter, ...others] = await database.query('select code, cause, "offset" from dead_letter');
  expect(others).toEqual([]);
  expect(letter).toMatchObject({ code: 'APPLY_FAILED', offset: '7' });
  expect(letter?.['cause']).toContain('22003');
  const [progress] = await database.query(
    'select applied, dead_letter, next_offset from intake_progress',
  );
  expect(progress).toEqual({ applied: '20', dead_letter: '1', next_offset: '21' });
});

test('too much poison in a row stops the partition: the cause is the system, not the data', async () => {
  await plantPoison();
  const batch = harness.batchOf(Array.from({ length: 6 }, (_, index) => joined(`poison${index}`)));
  const outcomes = await harness.processOrIsolate(batch);
  expect(outcomes.at(-1)).toMatchObject({ kind: 'stop', code: 'APPLY_FAILING' });
  const [progress] = await database.query(
    'select dead_letter, next_offset, stopped_code from intake_progress',
  );
  expect(progress).toEqual({ dead_letter: '3', next_offset: '3', stopped_code: 'APPLY_FAILING' });
});

test('an error of the system is thrown, nothing becomes a dead letter', async () => {
  await database.query('revoke insert on audit_entry from latchkey_reconciler');
  await expect(harness.processOrIsolate(harness.batchOf([joined('a')]))).rejects.toThrow(
    'permission denied',
  );
  await database.query('grant insert on audit_entry to latchkey_reconciler');
  expect(await rowCounts()).toMatchObject({ inbox: 0, fact: 0, dead_letter: 0 });
});

test('a fact whose claim was deleted is recognised by its own row', async () => {
  const event = joined('a');
  await harness.process([event]);
  await database.query('delete from inbox');
  expect(await harness.process([event])).toMatchObject({ counts: { duplicate: 1 } });
  const other = { ...event, data: { ...(event.data as object), attributes: employee('Finance') } };
  expect(await harness.process([other])).toMatchObject({ counts: { conflict: 1 } });
});
