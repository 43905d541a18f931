import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { employee, hrEvent, inDays, type SentEvent } from '../support/events.ts';
import { type IntakeHarness, openIntakeHarness } from '../support/intake-harness.ts';
import { blocked, released } from '../support/undecided.ts';

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

const JOINED = hrEvent('joined', 'ada', 1, {
  startsAt: inDays(-90),
  attributes: employee('Sales'),
});

function moved(revision: number): SentEvent {
  return hrEvent('moved', 'ada', revision, {
    effectiveAt: inDays(revision - 40),
    attributes: { jobTitle: `Clerk ${revision}` },
  });
}

/** An operator leaves a fact out of the record. */
async function voidFact(kind: string): Promise<void> {
  await database.query('update fact set voided_at = now() where kind = $1', [kind]);
}

async function lifecycle(): Promise<unknown> {
  const [row] = await database.query('select lifecycle from identity');
  return row?.['lifecycle'];
}

test('a release that is voided does not count: the person is blocked again with the next event', async () => {
  await harness.process([JOINED, blocked('ada'), released('ada')]);
  expect(await lifecycle()).toBe('active');
  await voidFact('released');
  await harness.process([moved(2)]);
  expect(await lifecycle()).toBe('suspended');
});

test('a fact that is voided leaves the head that it was read into', async () => {
  const left = hrEvent('left', 'ada', 2, { endsAt: inDays(-9) });
  const rescinded = hrEvent('rescinded', 'ada', 3, { rescinds: 'end' });
  await harness.process([JOINED, left, rescinded, ...[4, 5, 6, 7].map(moved)]);
  expect(
    await database.query('select from engagement_checkpoint where head is not null'),
  ).toHaveLength(1);
  expect(await lifecycle()).toBe('active');
  await voidFact('rescinded');
  await harness.process([moved(8)]);
  expect(await lifecycle()).toBe('inactive');
});

test('a head that refers to a voided fact is not used', async () => {
  const attributes = { jobTitle: 'Clerk', remark: 'x'.repeat(1_000) };
  const large = hrEvent('moved', 'ada', 2, { effectiveAt: inDays(-9), attributes });
  await harness.process([JOINED, large, ...[4, 5, 6, 7].map(moved)]);
  expect(
    await database.query("select from engagement_checkpoint where referred <> '{}'"),
  ).toHaveLength(1);
  await database.query("update fact set voided_at = now() where data like '%xxx%'");
  await harness.process([moved(8)]);
  expect(await database.query('select from due_work')).toEqual([]);
});
