import { DEFAULT_TOPIC_NAMES } from '@latchkey/contracts';
import { type Batch, redrive } from '@latchkey/intake';
import { type Db, openDatabase } from '@latchkey/postgres';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { acceptFinding } from '../support/accept-finding.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { employee, hrEvent, inDays, type SentEvent } from '../support/events.ts';
import { type IntakeHarness, openIntakeHarness } from '../support/intake-harness.ts';

const PLACE = { topic: DEFAULT_TOPIC_NAMES['workforce-events'], partition: 0 };

let database: TestDatabase;
let harness: IntakeHarness;
let operator: Db;
beforeEach(async () => {
  database = await createTestDatabase();
  harness = await openIntakeHarness(database);
  operator = openDatabase({
    url: database.url,
    role: 'latchkey_operator',
    poolSize: 2,
    applicationName: 'test-operator',
    onConnectionLost: () => undefined,
  });
  // The database refuses these, as it would refuse a value that validation missed.
  await database.query(`
    create function refuse_poison() returns trigger language plpgsql as $$
    begin raise exception 'poison' using errcode = '22003'; end $$;
    create trigger poison before insert on fact for each row
    when (new.engagement like 'E-poison%') execute function refuse_poison();`);
});
afterEach(async () => {
  await operator[Symbol.asyncDispose]();
  await harness[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

function joined(person: string): SentEvent {
  const data = { startsAt: inDays(-9), attributes: employee('Sales') };
  return hrEvent('joined', person, 1, data);
}

function poison(count: number): readonly SentEvent[] {
  return Array.from({ length: count }, (_, index) => joined(`poison${index}`));
}

/** What is left of a batch from an offset on. */
function from(batch: Batch, offset: bigint): Batch {
  const deliveries = batch.deliveries.filter((delivery) => delivery.offset >= offset);
  return { ...batch, fetchedOffset: offset, deliveries };
}

/** Processes poison until the partition stops: offsets 0 to 2 are dead letters, the others wait. */
async function stopOn(events: readonly SentEvent[]): Promise<Batch> {
  const batch = harness.batchOf(events);
  const outcomes = await harness.processOrIsolate(batch);
  expect(outcomes.at(-1)).toMatchObject({ kind: 'stop', code: 'APPLY_FAILING' });
  return batch;
}

async function progress(): Promise<unknown> {
  const [row] = await database.query(
    `select applied::int, dead_letter::int as letters, next_offset::int as next, isolations,
      stopped_code as stopped from intake_progress`,
  );
  return row;
}

async function letters(): Promise<unknown> {
  return database.query(
    'select "offset"::int, code, cause from dead_letter order by epoch, "offset"',
  );
}

test('a partition that was accepted after too much poison continues, and its count starts at zero', async () => {
  const batch = await stopOn(poison(7));
  expect(await acceptFinding(operator, PLACE)).toMatchObject({ kind: 'accepted' });
  expect(await progress()).toMatchObject({ next: 3, isolations: 0, stopped: null });
  const outcomes = await harness.processOrIsolate(from(batch, 3n));
  expect(outcomes.at(-1)).toMatchObject({ kind: 'stop', code: 'APPLY_FAILING' });
  expect(await progress()).toMatchObject({ letters: 6, next: 6, stopped: 'APPLY_FAILING' });
});

test('isolations are counted across a restart', async () => {
  const batch = harness.batchOf(poison(4));
  await harness.processOrIsolate({
    ...batch,
    nextOffset: 2n,
    deliveries: batch.deliveries.slice(0, 2),
  });
  await using next = await openIntakeHarness(database);
  const outcomes = await next.processOrIsolate(from(batch, 2n));
  expect(outcomes.at(-1)).toMatchObject({ kind: 'stop' });
  expect(await progress()).toMatchObject({ letters: 3, next: 3, stopped: 'APPLY_FAILING' });
});

test('an applied event between poison resets the count, an empty batch does not', async () => {
  const one = (person: string) => harness.processOrIsolate(harness.batchOf([joined(person)]));
  await one('poison1');
  await one('poison2');
  const empty = harness.batchOf([joined('control record')]);
  expect(await harness.processOrIsolate({ ...empty, deliveries: [] })).toMatchObject([
    { kind: 'processed' },
  ]);
  expect(await progress()).toMatchObject({ isolations: 2, next: 3 });
  await one('poison3');
  expect(await progress()).toMatchObject({ isolations: 3 });
  await one('good');
  expect(await progress()).toMatchObject({ isolations: 0, applied: 1 });
  await one('poison4');
  expect(await progress()).toMatchObject({ isolations: 1, stopped: null });
});

test('a batch that is processed together with others resets the count, too', async () => {
  await harness.processOrIsolate(harness.batchOf([joined('poison')]));
  await harness.processTogether([
    harness.batchOf([joined('a')]),
    harness.batchOf([joined('b')], 1),
  ]);
  const rows = await database.query('select isolations from intake_progress');
  expect(rows).toEqual([{ isolations: 0 }, { isolations: 0 }]);
});

test('what an operator gives up becomes dead letters, and what follows is applied', async () => {
  const batch = await stopOn([...poison(5), joined('given up'), joined('good')]);
  await acceptFinding(operator, PLACE, { giveUpBefore: 6n });
  expect(await harness.processOrIsolate(from(batch, 3n))).toMatchObject([
    { kind: 'processed', counts: { received: 4, deadLetter: 3, applied: 1 } },
  ]);
  expect(await progress()).toMatchObject({ letters: 6, next: 7, isolations: 0, stopped: null });
  const given = await letters();
  const cause = expect.stringContaining('operator has given it up') as string;
  expect(given).toMatchObject(
    [3, 4, 5].reduce<object[]>(
      (all, offset) => [...all, { offset, code: 'APPLY_FAILED', cause }],
      [0, 1, 2].map((offset) => ({ offset, code: 'APPLY_FAILED' })),
    ),
  );
  const known = await database.query('select external_id from identity');
  expect(known).toEqual([{ external_id: 'good' }]);
});

test('a process that ends while giving up deliveries leaves the rest to the next, and each is given up once', async () => {
  const batch = await stopOn([...poison(6), joined('good')]);
  await acceptFinding(operator, PLACE, { giveUpBefore: 6n });
  const half = { ...from(batch, 3n), nextOffset: 5n, deliveries: batch.deliveries.slice(3, 5) };
  await harness.processOrIsolate(half);
  await using next = await openIntakeHarness(database);
  expect(await next.processOrIsolate(half)).toEqual([{ kind: 'done' }]);
  await next.processOrIsolate(from(batch, 5n));
  expect(await progress()).toMatchObject({ letters: 6, applied: 1, next: 7 });
});

test('a delivery that was given up has claimed its id, and can be redriven', async () => {
  const event = joined('given up');
  const batch = await stopOn([...poison(4), event]);
  await acceptFinding(operator, PLACE, { giveUpBefore: 5n });
  await harness.processOrIsolate(from(batch, 3n));
  expect(await harness.process([event])).toMatchObject({ counts: { duplicate: 1 } });
  const [letter] = await database.query<{ id: string }>(
    'select id from dead_letter where "offset" = 4',
  );
  const { policy, outputs, build } = harness;
  const inputOf = () => 'workforce-events' as const;
  const context = { policy, outputs, build, inputOf, operator: 'grace' };
  expect(await redrive({ ...context, db: operator }, letter?.id ?? '')).toEqual({
    kind: 'applied',
  });
});

test('a partition that is not stopped has nothing to accept', async () => {
  await harness.process([joined('a')]);
  expect(await acceptFinding(operator, PLACE)).toEqual({ kind: 'not_stopped' });
  expect(await acceptFinding(operator, { ...PLACE, partition: 9 })).toEqual({ kind: 'unknown' });
  expect(
    await database.query('select epoch, next_offset::int as next from intake_progress'),
  ).toEqual([{ epoch: 0, next: 1 }]);
  expect(await database.query("select from audit_entry where trigger = 'operator'")).toEqual([]);
});

test('a finding other than the one that was shown is not accepted', async () => {
  const batch = await stopOn(poison(7));
  const shown = await acceptFinding(operator, PLACE, { findingId: 'ffffffffffff' });
  if (shown.kind !== 'other_finding') throw new Error(shown.kind);
  const first = { findingId: shown.progress.findingId ?? '' };
  await acceptFinding(operator, PLACE, first);
  await harness.processOrIsolate(from(batch, 3n));
  expect(await acceptFinding(operator, PLACE, first)).toMatchObject({ kind: 'other_finding' });
  expect(await progress()).toMatchObject({ next: 6, stopped: 'APPLY_FAILING' });
});

test('of two concurrent acceptances of one finding, one succeeds', async () => {
  await stopOn(poison(4));
  const both = await Promise.all([
    acceptFinding(operator, PLACE, { giveUpBefore: 4n }),
    acceptFinding(operator, PLACE),
  ]);
  expect(both.map(({ kind }) => kind).toSorted()).toEqual(['accepted', 'not_stopped']);
  const audit = await database.query(
    "select decisions from audit_entry where trigger = 'operator'",
  );
  expect(audit).toHaveLength(1);
});

test('an acceptance that fails half-way changes nothing', async () => {
  await stopOn(poison(4));
  await database.query('revoke insert on audit_entry from latchkey_operator');
  await expect(acceptFinding(operator, PLACE, { giveUpBefore: 4n })).rejects.toThrow('permission');
  expect(await progress()).toMatchObject({ isolations: 3, stopped: 'APPLY_FAILING' });
  await database.query('grant insert on audit_entry to latchkey_operator');
  expect(await acceptFinding(operator, PLACE)).toMatchObject({ kind: 'accepted' });
});

test('the same offset before and after an acceptance gives two dead letters', async () => {
  const broken = (person: string) => hrEvent('joined', person, 1, {});
  const batch = harness.batchOf([broken('a')]);
  await harness.processBatch(batch);
  const swapped = harness.batchOf([broken('b')]).deliveries.map((one) => ({ ...one, offset: 0n }));
  const other = { ...batch, deliveries: swapped };
  expect(await harness.processBatch(other)).toMatchObject({ kind: 'stop', code: 'LOG_DIFFERS' });
  await acceptFinding(operator, PLACE, { nextOffset: 0n });
  expect(await harness.processBatch(other)).toMatchObject({ counts: { deadLetter: 1 } });
  expect(
    await database.query('select epoch, "offset"::int from dead_letter order by epoch'),
  ).toEqual([
    { epoch: 0, offset: 0 },
    { epoch: 1, offset: 0 },
  ]);
});
