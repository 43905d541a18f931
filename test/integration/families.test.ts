import { DEFAULT_TOPIC_NAMES, type InputTopic } from '@latchkey/contracts';
import type { Batch } from '@latchkey/intake';
import type { PartitionReading } from '@latchkey/kafka';
import { createHealth, createLogger, createMetrics } from '@latchkey/runtime';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { intakeMetrics } from '../../services/reconciler/src/intake-metrics.ts';
import { Membership } from '../../services/reconciler/src/membership.ts';
import { readInputs } from '../../services/reconciler/src/read-inputs.ts';
import { consumedBatch } from '../support/consumed-batch.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { type IntakeHarness, openIntakeHarness } from '../support/intake-harness.ts';
import { lockRows } from '../support/lock-rows.ts';
import { partitionLease } from '../support/partition-lease.ts';
import {
  asked,
  joined,
  left,
  mixOfPersons,
  mixOfVerifications,
  moved,
  opened,
} from '../support/sample-events.ts';
import { openWire } from '../support/wire.ts';

const INPUTS: ReadonlyMap<string, InputTopic> = new Map([
  [DEFAULT_TOPIC_NAMES['workforce-events'], 'workforce-events'],
  [DEFAULT_TOPIC_NAMES['verification-events'], 'verification-events'],
]);
const wire = openWire();

let database: TestDatabase;
let harness: IntakeHarness;
beforeEach(async () => {
  database = await createTestDatabase();
  harness = await openIntakeHarness(database, (yaml) => yaml, { Client: wire.Client });
});
afterEach(async () => {
  vi.useRealTimers();
  await harness[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

/** As the reconciler processes what it has fetched. */
function openReading(): PartitionReading {
  return readInputs(harness, {
    inputs: INPUTS,
    maxEvents: 10,
    transactionsAtOnce: 1,
    membership: new Membership(createHealth()),
    metrics: intakeMetrics(createMetrics(), INPUTS.keys()),
    log: createLogger({ service: 'test', level: 'silent', to: 'stderr' }),
    health: createHealth(),
    signal: new AbortController().signal,
  });
}

test('batches of two families are refused together, and nothing is written', async () => {
  const batches = [harness.batchOf([joined('a')]), harness.batchOf([asked('v1')])];

  const together = harness.processTogether(batches);

  await expect(together).rejects.toThrow(
    new RangeError('expected batches of inputs of one family'),
  );
  expect(
    await database.query(`
      select (select count(*) from inbox)::int as claims,
        (select sum(next_offset) from intake_progress)::int as read,
        (select sum(received) from intake_progress)::int as received`),
  ).toEqual([{ claims: 0, read: 0, received: 0 }]);
});

test('a report is processed while a transaction of the workforce input waits for an identity', async () => {
  await harness.process([joined('a')]);
  const reading = openReading();
  const process = (batch: Batch) => reading.process(consumedBatch(batch), partitionLease());
  const [feed, first, second] = [
    harness.batchOf([moved('a')]),
    harness.batchOf([asked('v1')]),
    harness.batchOf([asked('v2')]),
  ];
  const { topic, partition } = first;
  await reading.locate({ topic, partition, logStart: 0n, logEnd: 2n });
  const locked = await lockRows(database, 'select from identity for update');
  // A transaction that lasts a second would give its slot to others.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  let isFeedProcessed = false;
  const feeding = process(feed).finally(() => {
    isFeedProcessed = true;
  });

  expect(await process(first)).toBe('processed');
  await expect
    .poll(() =>
      database.query(`select from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'`),
    )
    .toHaveLength(1);
  expect(await process(second)).toBe('processed');

  expect(isFeedProcessed).toBe(false);
  expect(await database.query('select state from verification')).toHaveLength(2);
  await locked[Symbol.asyncDispose]();
  expect(await feeding).toBe('processed');
});

const IDS = Array.from({ length: 12 }, (_, index) => `id-${index}`);
const CLAIM = /^\s*(insert into inbox|select lost[.]event_id)/;

/** The texts of the statements that a batch sends, without those that claim its events. */
async function textsOf(batch: Batch): Promise<readonly string[]> {
  wire.drain();
  await harness.processBatch(batch);
  return wire.drain().texts.filter((text) => !CLAIM.test(text));
}

test('a batch of the workforce input touches verifications only where it claims its events', async () => {
  const joiners = IDS.map((id) => joined(id));
  await harness.process(joiners);
  const batch = harness.batchOf([...mixOfPersons(IDS, joiners), left('unknown')]);

  const texts = await textsOf(batch);

  expect(texts).toContainEqual(expect.stringMatching(/\bidentity\b/));
  expect(texts.filter((text) => /\bverification/.test(text))).toEqual([]);
});

test('a batch of the verification input touches identities only where it claims its events', async () => {
  const reports = IDS.flatMap((id) => [asked(id), opened(id)]);
  await harness.process(reports);
  const batch = harness.batchOf(mixOfVerifications(IDS, reports));

  const texts = await textsOf(batch);

  expect(texts).toContainEqual(expect.stringMatching(/\bverification\b/));
  const record = /\b(identity|engagement|fact|account|assignment|correlation_key)\b/;
  expect(texts.filter((text) => record.test(text))).toEqual([]);
});
