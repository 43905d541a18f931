import { afterEach, beforeEach, expect, test } from 'vitest';
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

let revision = 1;
function joined(id: string): SentEvent {
  revision += 1;
  const data = { startsAt: inDays(-9), attributes: employee('Sales') };
  return hrEvent('joined', id, revision, { engagement: `e-${id}-${revision}`, ...data });
}
function left(id: string): SentEvent {
  revision += 1;
  return hrEvent('left', id, revision, { engagement: `l-${id}-${revision}`, endsAt: inDays(-1) });
}

async function reviews(externalId: string) {
  const rows = await harness.query(
    `select kind, state, detail from review where kind = 'leaver_unknown'
      and detail::json->>'externalId' = '${externalId}'`,
  );
  return rows.map(({ kind, state, detail }) => ({
    kind: String(kind),
    state: String(state),
    alike: (JSON.parse(String(detail)) as { readonly alike: readonly string[] }).alike,
  }));
}

test.each([
  ['0042', '42'],
  ['42x', '0042X'],
  ['E 77', 'e77'],
  ['caf\u00e9', 'cafe\u0301'],
  ['\uff21\uff11', 'A1'],
])('a person known as %s leaves as %s: a review lists the known id', async (known, other) => {
  await harness.process([joined(known), joined(`${known}-other`)]);
  const leaver = left(other);
  await harness.process([leaver]);
  await harness.process([leaver, left(other)]);

  expect(await reviews(other)).toEqual([{ kind: 'leaver_unknown', state: 'open', alike: [known] }]);
});

test('an earlier unknown person with a similar id is not shown as known', async () => {
  await harness.process([left('42'), joined('7')]);
  await harness.process([left('042'), left('07')]);

  expect(await reviews('042')).toEqual([{ kind: 'leaver_unknown', state: 'open', alike: [] }]);
  expect(await reviews('07')).toEqual([{ kind: 'leaver_unknown', state: 'open', alike: ['7'] }]);
});

test('the review closes when the person becomes known, and this is published', async () => {
  await harness.process([left('early')]);
  expect(await reviews('early')).toEqual([{ kind: 'leaver_unknown', state: 'open', alike: [] }]);

  await harness.process([joined('early')]);
  expect(await reviews('early')).toMatchObject([{ state: 'resolved' }]);
  const said = await harness.query(
    `select headers::json->>'ce_type' as type, payload::json->>'resolution' as resolution,
        payload::json->>'version' as version, payload like '%early%' as told
      from outbox where key = (select review_id::text from review
        where detail::json->>'externalId' = 'early') order by position`,
  );
  expect(said).toEqual([
    { type: 'latchkey.review.opened.v1', resolution: null, version: null, told: false },
    { type: 'latchkey.review.resolved.v1', resolution: 'became_known', version: '2', told: false },
  ]);

  await harness.process([left('early'), joined('early')]);
  expect(await reviews('early')).toMatchObject([{ state: 'resolved' }]);
});

test('the review also closes when all of the person is stated', async () => {
  await harness.process([left('stated')]);
  revision += 1;
  const startsAt = inDays(-9);
  const timeline = [{ from: startsAt, attributes: employee('Sales') }];
  await harness.process([hrEvent('stated', 'stated', revision, { startsAt, timeline })]);

  expect(await reviews('stated')).toMatchObject([{ state: 'resolved' }]);
});

test('a person who joins and leaves in one batch is not unknown, in any order', async () => {
  await harness.process([left('both'), joined('both')]);
  expect(await reviews('both')).toEqual([]);
});

test('many of one source share a review of their hour', async () => {
  await harness.process([joined('0100'), joined('0111')]);
  await harness.process(Array.from({ length: 30 }, (_, at) => left(String(100 + at))));

  const rows = await harness.query(
    "select subject, detail from review where kind = 'leavers_unknown'",
  );
  const found = rows.map(({ subject, detail }) => ({
    subject: String(subject),
    detail: JSON.parse(String(detail)) as { first: { externalId: string; alike: string[] }[] },
  }));
  expect(found).toMatchObject([{ subject: 'urn:example:hr', detail: { count: 30 } }]);
  const alike = found[0]?.detail.first.flatMap((one) => one.alike) ?? [];
  expect(alike.toSorted()).toEqual(['0100', '0111']);
  expect(await reviews('100')).toEqual([
    { kind: 'leaver_unknown', state: 'shared', alike: ['0100'] },
  ]);
});

interface Shared {
  readonly state: string;
  readonly count: number;
  readonly unknown: number;
  readonly first: readonly { readonly externalId: string; readonly alike: readonly string[] }[];
}

async function sharedReviews(): Promise<readonly Shared[]> {
  const rows = await harness.query(
    "select state, detail from review where kind = 'leavers_unknown'",
  );
  return rows.map(({ state, detail }) => ({
    state: String(state),
    ...(JSON.parse(String(detail)) as Omit<Shared, 'state'>),
  }));
}

/** The messages about shared reviews, in order. */
async function said(): Promise<readonly unknown[]> {
  const rows = await harness.query(
    `select headers::json->>'ce_type' as type, payload::json->>'version' as version from outbox
      where key in (select review_id::text from review where kind = 'leavers_unknown')
      order by lane, position`,
  );
  return rows.map(({ type, version }): unknown => [type, version]);
}

function ownStates(): Promise<readonly object[]> {
  return harness.query(
    `select state, count(*)::int from review where kind = 'leaver_unknown' group by state order by state`,
  );
}

function ids(name: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, at) => `${name}${at + 1}`);
}

const OPENED = ['latchkey.review.opened.v1', null];

test('a later batch of the hour is counted and named, similar ids first', async () => {
  await harness.process([joined('0z1')]);
  await harness.process(ids('a', 11).map(left));
  await harness.process([...ids('b', 60), 'z1'].map(left));

  const [review, ...others] = await sharedReviews();
  expect(others).toEqual([]);
  expect(review).toMatchObject({ state: 'open', count: 72, unknown: 72 });
  expect(review?.first).toHaveLength(50);
  expect(review?.first[0]).toMatchObject({ externalId: 'z1', alike: ['0z1'] });
  expect(await ownStates()).toEqual([{ state: 'shared', count: 72 }]);
  // As docs/operations.md has it.
  const all = await harness.query(`
    select own.detail from review as many
    join review as own on own.state = 'shared' and own.kind = 'leaver_unknown' and own.detail::jsonb ->> 'sharedIn' = many.review_id::text
    where many.kind = 'leavers_unknown' and many.state = 'open'`);
  expect(all).toHaveLength(72);
  expect(await said()).toEqual([OPENED]);
});

test('a person who leaves again, or who has a review already, is counted once', async () => {
  await harness.process([left('alone')]);
  await harness.process(['alone', ...ids('a', 11)].map(left));
  await harness.process(ids('a', 11).map(left));
  await harness.process(ids('a', 2).map(left));

  expect(await sharedReviews()).toMatchObject([{ count: 11, unknown: 11 }]);
  expect(await ownStates()).toEqual([
    { state: 'open', count: 1 },
    { state: 'shared', count: 11 },
  ]);
});

test('a shared review closes when every person that it counts is known, and opens again for others', async () => {
  await harness.process(ids('a', 60).map(left));
  await harness.process(ids('a', 59).map(joined));
  const [almost] = await sharedReviews();
  expect(almost).toMatchObject({ state: 'open', count: 60, unknown: 1 });
  await harness.process([joined('a60')]);

  expect(await sharedReviews()).toMatchObject([{ state: 'resolved', unknown: 0, first: [] }]);
  const resolved = ['latchkey.review.resolved.v1', '2'];
  expect(await said()).toEqual([OPENED, resolved]);
  expect(await ownStates()).toEqual([{ state: 'resolved', count: 60 }]);

  await harness.process(ids('b', 11).map(left));
  expect(await sharedReviews()).toMatchObject([{ state: 'open', count: 71, unknown: 11 }]);
  expect(await said()).toEqual([OPENED, resolved, OPENED]);
  await harness.process([...ids('b', 11), 'a60'].map(joined));
  expect(await said()).toEqual([OPENED, resolved, OPENED, ['latchkey.review.resolved.v1', '4']]);
});

test('batches that share a review at once all count, and the last to become known closes it', async () => {
  const names = ['a', 'b', 'c'];
  await Promise.all(names.map((name, at) => harness.process(ids(name, 20).map(left), at)));
  expect(await sharedReviews()).toMatchObject([{ count: 60, unknown: 60 }]);
  expect(await said()).toEqual([OPENED]);

  await Promise.all(names.map((name, at) => harness.process(ids(name, 20).map(joined), at)));
  expect(await sharedReviews()).toMatchObject([{ state: 'resolved', unknown: 0 }]);
  expect(await said()).toEqual([OPENED, ['latchkey.review.resolved.v1', '2']]);
});

test('a batch that fails half-way has counted no person', async () => {
  await harness.process(ids('a', 11).map(left));
  const batch = harness.batchOf(ids('b', 11).map(left));
  await database.query('revoke insert on audit_entry from latchkey_reconciler');
  await expect(harness.processBatch(batch)).rejects.toThrow('permission');
  expect(await sharedReviews()).toMatchObject([{ count: 11 }]);
  await database.query('grant insert on audit_entry to latchkey_reconciler');
  await harness.processBatch(batch);

  expect(await sharedReviews()).toMatchObject([{ count: 22, unknown: 22 }]);
  expect(await said()).toEqual([OPENED]);
});
