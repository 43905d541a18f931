import { Client } from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { acceptFinding } from '../support/accept-finding.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { employee, hrEvent, inDays, type SentEvent } from '../support/events.ts';
import { type IntakeDesk, openIntakeDesk } from '../support/intake-desk.ts';

let database: TestDatabase;
let desk: IntakeDesk;
beforeEach(async () => {
  database = await createTestDatabase();
  desk = await openIntakeDesk(database);
});
afterEach(async () => {
  await desk[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

function joined(person: string, revision = 1, department = 'Sales'): SentEvent {
  const data = { startsAt: inDays(-9), attributes: employee(department) };
  return hrEvent('joined', person, revision, data);
}

/** How many rows every table has that intake writes. */
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
  const taken = await desk.take([joined('a'), joined('b')]);
  expect(taken).toMatchObject({ kind: 'processed', counts: { received: 2, applied: 2 } });
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

test('a batch that comes again is done; its events behind the position are duplicates', async () => {
  const events = [joined('a'), joined('b')];
  const batch = desk.batchOf(events);
  await desk.takeBatch(batch);
  const before = await rowCounts();
  expect(await desk.takeBatch(batch)).toEqual({ kind: 'done' });
  expect(await desk.take(events)).toMatchObject({ kind: 'processed', counts: { duplicate: 2 } });
  expect(await rowCounts()).toEqual(before);
});

test('a batch that overlaps the position is taken from there on', async () => {
  const [a, b, c] = [joined('a'), joined('b'), joined('c')];
  await desk.take([a, b]);
  const later = desk.batchOf([c]);
  const overlapping = desk.batchOf([b, c]);
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
  expect(await desk.takeBatch(batch)).toMatchObject({
    kind: 'processed',
    counts: { received: 1, applied: 1 },
  });
});

test('a session that dies half-way leaves nothing, and the batch is applied once after it', async () => {
  const batch = desk.batchOf([joined('a'), joined('b')]);
  await desk.take([joined('first')], 1);
  const before = await rowCounts();
  // Somebody else holds all lanes, so that the transaction waits right before its COMMIT.
  const holder = new Client({ connectionString: database.url });
  await holder.connect();
  await holder.query('select pg_advisory_lock(19531, lane) from outbox_lane order by lane');
  const running = desk.takeBatch(batch).then(
    () => 'committed',
    () => 'rolled back',
  );
  await expect
    .poll(terminateWaiting, { message: 'a session that waits for a lane' })
    .toBeGreaterThan(0);
  const blocked = await running;
  await holder.end();
  expect(blocked).toBe('rolled back');
  expect(await rowCounts()).toEqual(before);
  expect(await desk.takeBatch(batch)).toMatchObject({ kind: 'processed', counts: { applied: 2 } });
});

async function terminateWaiting(): Promise<number> {
  const ended = await desk.query(
    `select pg_terminate_backend(pid) from pg_locks
     where locktype = 'advisory' and classid = 19531 and not granted`,
  );
  return ended.length;
}

test('the same people in two partitions at once: no deadlock, each event applied once', async () => {
  const events = Array.from({ length: 150 }, (_, index) => joined(`p${index}`));
  const moves = events.map(({ subject }) =>
    hrEvent('moved', subject, 2, {
      effectiveAt: inDays(-2),
      attributes: { department: 'Finance' },
    }),
  );
  const [one, two] = await Promise.all([
    desk.take([...events, ...moves], 0),
    desk.take([...moves, ...events].reverse(), 1),
  ]);
  for (const taken of [one, two]) expect(taken.kind).toBe('processed');
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
  await desk.take([joined('a')]);
  desk.batchOf([joined('skipped')]);
  const ahead = desk.batchOf([joined('b')]);
  expect(await desk.takeBatch(ahead)).toEqual({ kind: 'ahead' });
});

test('a record that is not the one that was read stops the partition until it is accepted', async () => {
  const first = desk.batchOf([joined('a')]);
  await desk.takeBatch(first);
  const other = {
    ...first,
    deliveries: [{ ...desk.batchOf([joined('x')]).deliveries[0], offset: 0n }],
  };
  const swapped = other as typeof first;
  expect(await desk.takeBatch(swapped)).toMatchObject({ kind: 'stop', code: 'LOG_DIFFERS' });
  expect(await desk.takeBatch(desk.batchOf([joined('b')]))).toEqual({ kind: 'stopped' });
  const { topic, partition } = first;
  await acceptFinding(desk.db, { topic, partition }, { nextOffset: 0n, operator: 'test' });
  expect(await desk.takeBatch(swapped)).toMatchObject({ kind: 'processed', counts: { applied: 1 } });
  const audit = await database.query(
    "select decider from audit_entry where subject_kind = 'intake_progress'",
  );
  expect(audit).toEqual([{ decider: 'operator:test' }]);
});

/** The database refuses what is stated of some engagements, as it would refuse a value that we let through. */
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
  const batch = desk.batchOf(events.toSpliced(7, 0, joined('poison')));
  await desk.takeOrIsolate(batch);
  const [letter, ...others] = await database.query('select code, cause, "offset" from dead_letter');
  expect(others).toEqual([]);
  expect(letter).toMatchObject({ code: 'APPLY_FAILED', offset: '7' });
  expect(letter?.['cause']).toContain('22003');
  const [progress] = await database.query(
    'select applied, dead_letter, next_offset from intake_progress',
  );
  expect(progress).toEqual({ applied: '20', dead_letter: '1', next_offset: '21' });
});

test('too much poison in a row stops the partition: then it is not the data that is broken', async () => {
  await plantPoison();
  const batch = desk.batchOf(Array.from({ length: 6 }, (_, index) => joined(`poison${index}`)));
  const taken = await desk.takeOrIsolate(batch);
  expect(taken.at(-1)).toMatchObject({ kind: 'stop', code: 'APPLY_FAILING' });
  const [progress] = await database.query(
    'select dead_letter, next_offset, stopped_code from intake_progress',
  );
  expect(progress).toEqual({ dead_letter: '3', next_offset: '3', stopped_code: 'APPLY_FAILING' });
});

test('an error of the system is thrown, nothing becomes a dead letter', async () => {
  await database.query('revoke insert on audit_entry from latchkey_reconciler');
  await expect(desk.takeOrIsolate(desk.batchOf([joined('a')]))).rejects.toThrow(
    'permission denied',
  );
  await database.query('grant insert on audit_entry to latchkey_reconciler');
  expect(await rowCounts()).toMatchObject({ inbox: 0, fact: 0, dead_letter: 0 });
});

test('a fact whose claim was forgotten is recognised all the same', async () => {
  const event = joined('a');
  await desk.take([event]);
  await database.query('delete from inbox');
  expect(await desk.take([event])).toMatchObject({ counts: { duplicate: 1 } });
  const other = { ...event, data: { ...(event.data as object), attributes: employee('Finance') } };
  expect(await desk.take([other])).toMatchObject({ counts: { conflict: 1 } });
});
