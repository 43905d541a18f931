import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { employee, hrEvent, inDays, type SentEvent } from '../support/events.ts';
import { type IntakeDesk, openIntakeDesk } from '../support/intake-desk.ts';

let database: TestDatabase;
let desk: IntakeDesk;
beforeAll(async () => {
  database = await createTestDatabase();
  desk = await openIntakeDesk(database);
});
afterAll(async () => {
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
  expect(await reviews('100')).toEqual([]);
});
