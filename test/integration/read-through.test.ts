import { DEFAULT_TOPIC_NAMES } from '@latchkey/contracts';
import { insertProgress, listReadThrough, markReadThrough } from '@latchkey/postgres';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { ivrEvent, type SentEvent } from '../support/events.ts';
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

const TOPIC = DEFAULT_TOPIC_NAMES['verification-events'];

function asked(verification: string): SentEvent {
  return ivrEvent('requested', verification, { purpose: 'callback' });
}

async function throughOf(partition: number): Promise<number | undefined> {
  const rows = await harness.db.run(listReadThrough, { topic: TOPIC });
  return rows.find((row) => row.partition === partition)?.readThroughMs ?? undefined;
}

test('the time stamps of records do not tell how far a partition was read', async () => {
  await harness.process([asked('v1')], 0);

  expect(await throughOf(0)).toBeUndefined();
});

test('read_through_at is recorded where a partition is read to its end, and never goes back', async () => {
  await harness.process([asked('v1'), asked('v2')], 0);
  const mark = (logEnd: bigint, throughMs: number) =>
    harness.db.run(markReadThrough, { topic: TOPIC, partition: 0, logEnd, throughMs });

  await mark(3n, 5_000);
  expect(await throughOf(0)).toBeUndefined();
  await mark(2n, 3_000);
  expect(await throughOf(0)).toBe(3_000);
  await mark(3n, 5_000);
  expect(await throughOf(0)).toBe(3_000);
  await mark(2n, 2_000);
  expect(await throughOf(0)).toBe(3_000);
  await mark(1n, 4_000);
  expect(await throughOf(0)).toBe(4_000);
});

test('partitions of another topic do not count', async () => {
  await harness.process([asked('v1')], 0);
  await harness.db.run(insertProgress, { topic: 'another', partition: 1, nextOffset: 1n });

  const rows = await harness.db.run(listReadThrough, { topic: TOPIC });

  expect(rows.map(({ partition }) => partition)).toEqual([0]);
});

test('nothing is recorded of a stopped partition', async () => {
  await harness.process([asked('v1')], 0);
  await harness.query(
    "update intake_progress set stopped_code = 'LOG_DIFFERS', stopped_at = now()",
  );

  await harness.db.run(markReadThrough, {
    topic: TOPIC,
    partition: 0,
    logEnd: 0n,
    throughMs: 5_000,
  });

  expect(await throughOf(0)).toBeUndefined();
});
