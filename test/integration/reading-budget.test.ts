import { identityIdOf } from '@latchkey/contracts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { employee, HR, hrEvent, inDays, type SentEvent } from '../support/events.ts';
import { type IntakeHarness, openIntakeHarness } from '../support/intake-harness.ts';

const MIB = 1_048_576;
/** What 100 attributes of 1,000 characters are. */
const LARGE_BYTES = 100_000;

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

function joined(person: string): SentEvent {
  return hrEvent('joined', person, 1, { startsAt: inDays(-900), attributes: employee('Sales') });
}

function moved(person: string, revision: number, department = `D${revision}`): SentEvent {
  const effectiveAt = inDays(-900 + revision / 10);
  return hrEvent('moved', person, revision, { effectiveAt, attributes: { department } });
}

/** Adds facts as an older version does: it neither reads nor writes heads or bytes. */
async function addFacts(
  person: string,
  revisions: readonly [first: number, last: number],
  kind: 'moved' | 'stated' = 'moved',
): Promise<void> {
  await database.query(
    `insert into fact (event_id, fingerprint, identity_id, source, kind, engagement, source_order, data)
     select $2::text || '#' || $1::uuid || '/' || n, sha256(n::text::bytea), $1::uuid, $2::text, $3::text, $4::text, n,
       case $3 when 'moved' then json_build_object('engagement', $4::text, 'effectiveAt',
         to_char(now() - interval '900 days' + n * interval '2 hours', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
         'attributes', attributes)
       else json_build_object('engagement', $4::text, 'startsAt', '2020-01-01T00:00:00.000Z',
         'timeline', json_build_array(json_build_object('from', '2020-01-01T00:00:00.000Z',
           'attributes', attributes))) end
     from generate_series($5::integer, $6::integer) as n, lateral (
       select json_object_agg('undeclared' || a, repeat(chr(97 + n % 26), 1000)) as attributes
       from generate_series(1, 100) as a) as large`,
    [identityIdOf(HR, person), HR, kind, `E-${person}`, ...revisions],
  );
}

async function readIdentity(person: string) {
  const [row] = await database.query<{ bytes: number; version: string; policy: string }>(
    `select fact_bytes::float as bytes, record_version as version, derived_policy_hash as policy
     from identity where external_id = $1`,
    [person],
  );
  return row;
}

async function readHead(person: string): Promise<string | null | undefined> {
  const [row] = await database.query<{ through_order: string | null }>(
    'select through_order from engagement_checkpoint where identity_id = $1',
    [identityIdOf(HR, person)],
  );
  return row?.through_order;
}

async function departmentOf(person: string): Promise<unknown> {
  const [row] = await database.query<{ department: unknown }>(
    `select attributes::jsonb -> 'department' as department from account
     where identity_id = $1 and attributes::jsonb ? 'department' limit 1`,
    [identityIdOf(HR, person)],
  );
  return row?.department;
}

async function isolations(): Promise<unknown> {
  const [row] = await database.query(`
    select (select max(isolations)::int from intake_progress) as isolations,
      (select count(*)::int from dead_letter) as letters`);
  return row;
}

test('an identity knows its bytes, its version and the policy that decided it', async () => {
  await harness.process([joined('counted')]);
  const first = await readIdentity('counted');
  expect(first).toMatchObject({ version: '1', policy: harness.policy.hash });
  expect(first?.bytes).toBeGreaterThan(50);
  await harness.process([moved('counted', 2), moved('counted', 3)]);
  const second = await readIdentity('counted');
  expect(second?.version).toBe('2');
  expect(second?.bytes).toBeGreaterThan(2 * (first?.bytes ?? 0));
});

test('facts beyond the limit halve a batch, and none is a dead letter', async () => {
  const people = ['many-1', 'many-2', 'many-3', 'many-4'];
  await harness.process(people.map(joined));
  for (const person of people) await addFacts(person, [2, 60]);
  const batch = harness.batchOf(people.map((person) => moved(person, 1_000)));
  const outcomes = await harness.processOrIsolate(batch);
  expect(outcomes.length).toBeGreaterThan(1);
  expect(outcomes.every(({ kind }) => kind === 'processed')).toBe(true);
  expect(await isolations()).toEqual({ isolations: 0, letters: 0 });
  // With heads the same people fit.
  const next = harness.batchOf(people.map((person) => moved(person, 1_001)));
  expect(await harness.processOrIsolate(next)).toHaveLength(1);
});

test('the bytes that are known beforehand halve a batch before anything is read', async () => {
  const people = ['known-1', 'known-2'];
  await harness.process(people.map(joined));
  await database.query("update identity set fact_bytes = $1 where external_id like 'known-%'", [
    8 * MIB,
  ]);
  const batch = harness.batchOf(people.map((person) => moved(person, 2)));
  await expect(harness.processBatch(batch)).rejects.toThrow('more than one transaction reads');
  expect(await harness.processOrIsolate(batch)).toHaveLength(2);
  expect((await readIdentity('known-1'))?.bytes).toBeLessThan(1_000);
});

test('batches of several partitions that read too much together are applied one by one', async () => {
  const people = ['together-1', 'together-2'];
  await harness.process(people.map(joined));
  for (const person of people) await addFacts(person, [2, 60]);
  const batches = people.map((person, partition) =>
    harness.batchOf([moved(person, 1_000)], partition),
  );
  await expect(harness.processTogether(batches)).rejects.toThrow('more than one transaction reads');
  for (const batch of batches) {
    expect(await harness.processOrIsolate(batch)).toMatchObject([{ counts: { applied: 1 } }]);
  }
});

test.each(['moved', 'stated'] as const)(
  'one person with more facts than fit is read in pages, once: %s',
  async (kind) => {
    const person = `alone-${kind}`;
    await harness.process([joined(person)]);
    await addFacts(person, [2, 240], kind);
    expect(240 * LARGE_BYTES).toBeGreaterThan(16 * MIB);
    const outcome = await harness.process([moved(person, 1_000, 'Legal')]);
    expect(outcome).toMatchObject({ counts: { applied: 1 } });
    expect(await departmentOf(person)).toBe('Legal');
    expect(await readHead(person)).toBe('240');
    expect((await readIdentity(person))?.bytes).toBeLessThan(MIB);
    await harness.process([moved(person, 1_001, 'Finance')]);
    expect(await departmentOf(person)).toBe('Finance');
  },
);

test('a late fact is decided by all facts of its engagement, and the head is made again', async () => {
  const person = 'late';
  await harness.process([joined(person)]);
  for (let revision = 3; revision < 12; revision += 1)
    await harness.process([moved(person, revision)]);
  const before = Number(await readHead(person));
  expect(before).toBeGreaterThan(2);
  const outcome = await harness.process([
    hrEvent('left', person, 2, { endsAt: inDays(-800), reason: 'late' }),
  ]);
  expect(outcome).toMatchObject({ counts: { applied: 1 } });
  expect(await readHead(person)).toBe('10');
});

test('facts that an older version adds between two batches count', async () => {
  const person = 'rolling';
  await harness.process([joined(person)]);
  for (let revision = 2; revision < 9; revision += 1)
    await harness.process([moved(person, revision)]);
  const head = await readHead(person);
  await addFacts(person, [20, 20], 'stated');
  expect(await readHead(person)).toBe(head);
  // The full statement has no department.
  await harness.process([
    hrEvent('moved', person, 21, { effectiveAt: inDays(-1), attributes: {} }),
  ]);
  expect(await departmentOf(person)).not.toBe('D8');
  await addFacts(person, [2, 2], 'moved');
  expect(await readHead(person)).toBe(null);
  await harness.process([moved(person, 22, 'Legal')]);
  expect(await departmentOf(person)).toBe('Legal');
});

test('a fact below what was pruned is kept as stale, with a review', async () => {
  const person = 'pruned';
  await harness.process([joined(person)]);
  for (let revision = 10; revision < 18; revision += 1) {
    await harness.process([moved(person, revision)]);
  }
  const identityId = identityIdOf(HR, person);
  await database.query(
    `update engagement_checkpoint set pruned_below = 5, base = head where identity_id = $1`,
    [identityId],
  );
  const outcome = await harness.process([moved(person, 4)]);
  expect(outcome).toMatchObject({ counts: { applied: 0, stale: 1 } });
  const reviews = await database.query(
    `select kind from review where subject like $1 || '%' or detail like '%' || $1 || '%'`,
    [`E-${person}`],
  );
  expect(reviews).toEqual([{ kind: 'fact_below_pruned' }]);
});

test('two batches about one person at once give what one after the other gives', async () => {
  const person = 'twice';
  await harness.process([joined(person)]);
  for (let round = 0; round < 8; round += 1) {
    const revisions = [0, 1, 2, 3].map((at) => 10 * round + 5 * (at % 2) + at + 2);
    const [one, two] = [0, 1].map((partition) =>
      harness.batchOf(
        revisions
          .filter((_, at) => at % 2 === partition)
          .map((revision) => moved(person, revision)),
        partition,
      ),
    );
    if (one === undefined || two === undefined) throw new Error('no batch');
    await Promise.all([harness.processBatch(one), harness.processBatch(two)]);
  }
  expect(await departmentOf(person)).toBe('D80');
  const [row] = await database.query<{ above: number; all: number; version: string }>(
    `select count(*) filter (where source_order > through_order)::int as above, count(*)::int as all,
       max(record_version)::int as version
     from fact join engagement_checkpoint using (identity_id) join identity using (identity_id)
     where identity_id = $1`,
    [identityIdOf(HR, person)],
  );
  expect(row).toMatchObject({ all: 33, version: 17 });
  expect(row?.above).toBeLessThanOrEqual(8);
});
