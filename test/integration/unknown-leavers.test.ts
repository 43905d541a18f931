import { afterEach, beforeEach, expect, test } from 'vitest';
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
  const rows = await desk.query(
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
  await desk.take([joined(known), joined(`${known}-other`)]);
  const leaver = left(other);
  await desk.take([leaver]);
  await desk.take([leaver, left(other)]);

  expect(await reviews(other)).toEqual([{ kind: 'leaver_unknown', state: 'open', alike: [known] }]);
});

test('an earlier stranger whose id is alike is not shown as known', async () => {
  await desk.take([left('42'), joined('7')]);
  await desk.take([left('042'), left('07')]);

  expect(await reviews('042')).toEqual([{ kind: 'leaver_unknown', state: 'open', alike: [] }]);
  expect(await reviews('07')).toEqual([{ kind: 'leaver_unknown', state: 'open', alike: ['7'] }]);
});

test('the review closes when the person becomes known, and says so', async () => {
  await desk.take([left('early')]);
  expect(await reviews('early')).toEqual([{ kind: 'leaver_unknown', state: 'open', alike: [] }]);

  await desk.take([joined('early')]);
  expect(await reviews('early')).toMatchObject([{ state: 'resolved' }]);
  const said = await desk.query(
    `select headers::json->>'ce_type' as type, payload::json->>'resolution' as resolution,
        payload::json->>'version' as version, payload like '%early%' as told
      from outbox where key = (select review_id::text from review
        where detail::json->>'externalId' = 'early') order by position`,
  );
  expect(said).toEqual([
    { type: 'latchkey.review.opened.v1', resolution: null, version: null, told: false },
    { type: 'latchkey.review.resolved.v1', resolution: 'became_known', version: '2', told: false },
  ]);

  await desk.take([left('early'), joined('early')]);
  expect(await reviews('early')).toMatchObject([{ state: 'resolved' }]);
});

test('the review also closes when all of the person is stated', async () => {
  await desk.take([left('stated')]);
  revision += 1;
  const startsAt = inDays(-9);
  const timeline = [{ from: startsAt, attributes: employee('Sales') }];
  await desk.take([hrEvent('stated', 'stated', revision, { startsAt, timeline })]);

  expect(await reviews('stated')).toMatchObject([{ state: 'resolved' }]);
});

test('who joins and leaves in one batch is no stranger, in whatever order', async () => {
  await desk.take([left('both'), joined('both')]);
  expect(await reviews('both')).toEqual([]);
});

test('many of one source share a review of their hour', async () => {
  await desk.take([joined('0100'), joined('0111')]);
  await desk.take(Array.from({ length: 30 }, (_, at) => left(String(100 + at))));

  const rows = await desk.query(
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
  const rows = await desk.query("select state, detail from review where kind = 'leavers_unknown'");
  return rows.map(({ state, detail }) => ({
    state: String(state),
    ...(JSON.parse(String(detail)) as Omit<Shared, 'state'>),
  }));
}

/** What was said of shared reviews, in its order. */
async function said(): Promise<readonly unknown[]> {
  const rows = await desk.query(
    `select headers::json->>'ce_type' as type, payload::json->>'version' as version from outbox
      where key in (select review_id::text from review where kind = 'leavers_unknown')
      order by lane, position`,
  );
  return rows.map(({ type, version }): unknown => [type, version]);
}

function ownStates(): Promise<readonly object[]> {
  return desk.query(
    `select state, count(*)::int from review where kind = 'leaver_unknown' group by state order by state`,
  );
}

function ids(name: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, at) => `${name}${at + 1}`);
}

const OPENED = ['latchkey.review.opened.v1', null];

test('a later batch of the hour is counted and named, those whose ids are alike first', async () => {
  await desk.take([joined('0z1')]);
  await desk.take(ids('a', 11).map(left));
  await desk.take([...ids('b', 60), 'z1'].map(left));

  const [review, ...others] = await sharedReviews();
  expect(others).toEqual([]);
  expect(review).toMatchObject({ state: 'open', count: 72, unknown: 72 });
  expect(review?.first).toHaveLength(50);
  expect(review?.first[0]).toMatchObject({ externalId: 'z1', alike: ['0z1'] });
  expect(await ownStates()).toEqual([{ state: 'shared', count: 72 }]);
  // As docs/operations.md has it.
  const all = await desk.query(`
    select own.detail from review as many
    join review as own on own.state = 'shared' and own.kind = 'leaver_unknown' and own.detail::jsonb ->> 'sharedIn' = many.review_id::text
    where many.kind = 'leavers_unknown' and many.state = 'open'`);
  expect(all).toHaveLength(72);
  expect(await said()).toEqual([OPENED]);
});

test('who leaves again, or waits for a person alone already, is counted once', async () => {
  await desk.take([left('alone')]);
  await desk.take(['alone', ...ids('a', 11)].map(left));
  await desk.take(ids('a', 11).map(left));
  await desk.take(ids('a', 2).map(left));

  expect(await sharedReviews()).toMatchObject([{ count: 11, unknown: 11 }]);
  expect(await ownStates()).toEqual([
    { state: 'open', count: 1 },
    { state: 'shared', count: 11 },
  ]);
});

test('a shared review closes when everybody whom it counts is known, and opens again for others', async () => {
  await desk.take(ids('a', 60).map(left));
  await desk.take(ids('a', 59).map(joined));
  const [almost] = await sharedReviews();
  expect(almost).toMatchObject({ state: 'open', count: 60, unknown: 1 });
  await desk.take([joined('a60')]);

  expect(await sharedReviews()).toMatchObject([{ state: 'resolved', unknown: 0, first: [] }]);
  const resolved = ['latchkey.review.resolved.v1', '2'];
  expect(await said()).toEqual([OPENED, resolved]);
  expect(await ownStates()).toEqual([{ state: 'resolved', count: 60 }]);

  await desk.take(ids('b', 11).map(left));
  expect(await sharedReviews()).toMatchObject([{ state: 'open', count: 71, unknown: 11 }]);
  expect(await said()).toEqual([OPENED, resolved, OPENED]);
  await desk.take([...ids('b', 11), 'a60'].map(joined));
  expect(await said()).toEqual([OPENED, resolved, OPENED, ['latchkey.review.resolved.v1', '4']]);
});

test('batches that share a review at once all count, and the last to become known closes it', async () => {
  const names = ['a', 'b', 'c'];
  await Promise.all(names.map((name, at) => desk.take(ids(name, 20).map(left), at)));
  expect(await sharedReviews()).toMatchObject([{ count: 60, unknown: 60 }]);
  expect(await said()).toEqual([OPENED]);

  await Promise.all(names.map((name, at) => desk.take(ids(name, 20).map(joined), at)));
  expect(await sharedReviews()).toMatchObject([{ state: 'resolved', unknown: 0 }]);
  expect(await said()).toEqual([OPENED, ['latchkey.review.resolved.v1', '2']]);
});

test('a batch that fails half-way has counted nobody', async () => {
  await desk.take(ids('a', 11).map(left));
  const batch = desk.batchOf(ids('b', 11).map(left));
  await database.query('revoke insert on audit_entry from latchkey_reconciler');
  await expect(desk.takeBatch(batch)).rejects.toThrow('permission');
  expect(await sharedReviews()).toMatchObject([{ count: 11 }]);
  await database.query('grant insert on audit_entry to latchkey_reconciler');
  await desk.takeBatch(batch);

  expect(await sharedReviews()).toMatchObject([{ count: 22, unknown: 22 }]);
  expect(await said()).toEqual([OPENED]);
});
