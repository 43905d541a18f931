import { DEFAULT_TOPIC_NAMES } from '@latchkey/contracts';
import { insertProgress, listReadThrough, markReadThrough } from '@latchkey/postgres';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { ivrEvent, type SentEvent } from '../support/events.ts';
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

const TOPIC = DEFAULT_TOPIC_NAMES['verification-events'];

function asked(verification: string): SentEvent {
  return ivrEvent('requested', verification, { purpose: 'callback' });
}

async function throughOf(partition: number): Promise<number | undefined> {
  const rows = await desk.db.run(listReadThrough, { topic: TOPIC });
  return rows.find((row) => row.partition === partition)?.readThroughMs ?? undefined;
}

test('what records were stamped says nothing about how far a partition was read', async () => {
  await desk.take([asked('v1')], 0);

  expect(await throughOf(0)).toBeUndefined();
});

test('how far a partition was read is noted where it is read to the end, and never goes back', async () => {
  await desk.take([asked('v1'), asked('v2')], 0);
  const mark = (logEnd: bigint, throughMs: number) =>
    desk.db.run(markReadThrough, { topic: TOPIC, partition: 0, logEnd, throughMs });

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

test('the partitions of another topic are none of this one', async () => {
  await desk.take([asked('v1')], 0);
  await desk.db.run(insertProgress, { topic: 'another', partition: 1, nextOffset: 1n });

  const rows = await desk.db.run(listReadThrough, { topic: TOPIC });

  expect(rows.map(({ partition }) => partition)).toEqual([0]);
});

test('of a stopped partition nothing more is noted', async () => {
  await desk.take([asked('v1')], 0);
  await desk.query("update intake_progress set stopped_code = 'LOG_DIFFERS', stopped_at = now()");

  await desk.db.run(markReadThrough, { topic: TOPIC, partition: 0, logEnd: 0n, throughMs: 5_000 });

  expect(await throughOf(0)).toBeUndefined();
});
