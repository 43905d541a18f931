import { DEFAULT_TOPIC_NAMES } from '@latchkey/contracts';
import type { ConsumedBatch, PartitionReading } from '@latchkey/kafka';
import { createHealth, createLogger, createMetrics } from '@latchkey/runtime';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { intakeMetrics } from '../../../services/reconciler/src/intake-metrics.ts';
import { Membership } from '../../../services/reconciler/src/membership.ts';
import { readInputs } from '../../../services/reconciler/src/read-inputs.ts';
import { warmTimeZones } from '../../../services/reconciler/src/warm-time-zones.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { type IntakeHarness, openIntakeHarness } from '../../support/intake-harness.ts';
import { partitionLease } from '../../support/partition-lease.ts';
import { CORPUS } from './corpus/corpus.ts';
import { joinedText, VALUE_MAX_BYTES } from './corpus/texts.ts';
import { measureSlowdown } from './slowdown.ts';
import { measureLongestTurnMs } from './turns.ts';
import { WORST } from './worst.ts';

/** Limit for one turn of a batch: reading the most expensive event, and collecting its garbage. */
const TURN_MAX_MS = 100;
const ROUNDS = 3;
const WORST_COUNT = 42;
const TOPIC = DEFAULT_TOPIC_NAMES['workforce-events'];

let database: TestDatabase;
let harness: IntakeHarness;
let reading: PartitionReading;
let nextOffset = 0n;
beforeAll(async () => {
  database = await createTestDatabase();
  harness = await openIntakeHarness(database);
  await warmTimeZones();
  reading = readInputs(harness, {
    inputs: new Map([[TOPIC, 'workforce-events']]),
    maxEvents: 500,
    transactionsAtOnce: 4,
    membership: new Membership(createHealth()),
    metrics: intakeMetrics(createMetrics(), [TOPIC]),
    log: createLogger({ service: 'test', level: 'silent', to: 'stderr' }),
    health: createHealth(),
    signal: new AbortController().signal,
  });
  await reading.locate({ topic: TOPIC, partition: 0, logStart: 0n, logEnd: 1_000_000n });
});
afterAll(async () => {
  await harness[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

/** Processes values as one batch. Resolves with its longest turn in milliseconds. */
async function processBatch(values: readonly (string | Buffer)[]): Promise<number> {
  const fetchedOffset = nextOffset;
  nextOffset += BigInt(values.length);
  const batch: ConsumedBatch = {
    topic: TOPIC,
    partition: 0,
    fetchedOffset,
    nextOffset,
    records: values.map((value, index) => ({
      offset: fetchedOffset + BigInt(index),
      timestampMs: Date.now(),
      key: null,
      value: Buffer.from(value),
      headers: [],
    })),
  };
  return measureLongestTurnMs(async () => {
    expect(await reading.process(batch, partitionLease())).toBe('processed');
  });
}

/** The longest turn in the best of several rounds: garbage collection may extend single turns. */
async function measureBest(
  values: (round: number) => readonly (string | Buffer)[],
): Promise<number> {
  const turns: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    turns.push((await processBatch(values(round))) / measureSlowdown());
  }
  console.log(`turns of ${turns.map(Math.round).join(', ')} ms`);
  return Math.min(...turns);
}

test(`a batch of ${WORST_COUNT} of the most expensive events has no turn of more than ${TURN_MAX_MS} ms`, async () => {
  const best = await measureBest((round) =>
    Array.from({ length: WORST_COUNT }, (_, index) => {
      const make = WORST[index % WORST.length]?.[1] ?? String;
      return make(`full-${round}-${index}`);
    }),
  );
  expect(best).toBeLessThan(TURN_MAX_MS);
});

test(`a batch of the whole hostile corpus has no turn of more than ${TURN_MAX_MS} ms`, async () => {
  const values = CORPUS.map(({ delivery }) => delivery.value ?? '');
  expect(await measureBest(() => values)).toBeLessThan(TURN_MAX_MS);
});

test(`a batch of values that are too large has no turn of more than ${TURN_MAX_MS} ms`, async () => {
  const values = Array.from({ length: 100 }, () => Buffer.alloc(VALUE_MAX_BYTES + 1, 'x'));
  expect(await measureBest(() => values)).toBeLessThan(TURN_MAX_MS);
});

/** A fact. Facts without new content take the same path as others. */
function createFact(person: string, engagement: string, order: number, size = 1): string {
  const attributes = { department: `D${order}`, note: 'x'.repeat(size) };
  const data = { engagement, startsAt: '2020-01-01T00:00:00Z', attributes };
  const envelope = { id: `${engagement}-${made++}`, subject: person, sourceversion: String(order) };
  return joinedText(person, envelope, data);
}

let made = 0;

test.each([
  [
    'the last 500 of 1,500 facts of one engagement',
    (round: number) => createFacts((at) => createFact('one', 'one', 500 * round + at + 1)),
  ],
  [
    '500 facts in reverse order',
    (round: number) => createFacts((at) => createFact(`back-${round}`, `back-${round}`, 900 - at)),
  ],
  [
    '500 tied facts',
    (round: number) => createFacts((at) => createFact(`tie-${round}`, `tie-${round}`, 1, at)),
  ],
  [
    '500 engagements of one person',
    (round: number) => createFacts((at) => createFact(`many-${round}`, `many-${round}-${at}`, 1)),
  ],
  [
    '500 persons',
    (round: number) => createFacts((at) => createFact(`p-${round}-${at}`, `p-${round}-${at}`, 1)),
  ],
] as const)('%s have no turn of more than twice that limit', async (_what, values) => {
  expect(await measureBest(values)).toBeLessThan(2 * TURN_MAX_MS);
});

function createFacts(make: (index: number) => string): readonly string[] {
  return Array.from({ length: 500 }, (_, index) => make(index));
}
