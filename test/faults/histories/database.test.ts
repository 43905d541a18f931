import { DEFAULT_TOPIC_NAMES, type InputTopic, type OutputTopic } from '@latchkey/contracts';
import type { Batch } from '@latchkey/intake';
import { sequenceAudit } from '@latchkey/postgres';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createTestDatabase } from '../../support/database.ts';
import type { SentRecord } from '../../support/events.ts';
import { type IntakeHarness, openIntakeHarness } from '../../support/intake-harness.ts';
import type { OutputMessage } from '../../support/output-reader.ts';
import { type Evidence, gatherEvidence } from '../oracle/evidence.ts';
import { type Finding, runChecks } from '../oracle/judge.ts';
import { createLedger, type Ledger } from '../oracle/ledger.ts';
import { diffState, fingerprintState } from '../oracle/replay.ts';
import { untilOrdered } from '../oracle/until-ordered.ts';
import { generateWorkload } from '../workload/generate.ts';
import { HISTORIES } from './run-count.ts';

/** Each run creates a database, which takes at least 0.1 s. */
const RUNS = Math.ceil(HISTORIES / 20);
const LIMIT_MS = 30_000 + RUNS * 3_000;

const drawn = fc.record({
  seed: fc.nat(1_000_000),
  persons: fc.integer({ min: 1, max: 8 }),
  verifications: fc.integer({ min: 0, max: 4 }),
  /** Many: heads are advanced several times, and late facts are below them. */
  maxFacts: fc.constantFrom(9, 40),
  batchSize: fc.integer({ min: 1, max: 20 }),
});

/** Processes all records with intake: batches per input topic, as from one partition each. */
async function processAll(
  harness: IntakeHarness,
  records: readonly SentRecord[],
  batchSize: number,
  offsets: Map<InputTopic, bigint>,
): Promise<void> {
  for (const [input, own] of Map.groupBy(records, ({ topic }) => topic)) {
    for (let at = 0; at < own.length; at += batchSize) {
      const fetchedOffset = offsets.get(input) ?? 0n;
      const batch = batchOf(input, fetchedOffset, own.slice(at, at + batchSize));
      offsets.set(input, batch.nextOffset);
      await harness.processBatch(batch);
    }
  }
}

function batchOf(input: InputTopic, fetchedOffset: bigint, records: readonly SentRecord[]): Batch {
  const deliveries = records.map(({ key, value, headers }, at) => ({
    offset: fetchedOffset + BigInt(at),
    takenAtMs: Date.now(),
    key: key === null ? null : Buffer.from(key),
    value: value === null ? null : Buffer.from(value),
    headers: Object.entries(headers ?? {}).map(([name, text]): [string, Buffer] => [
      name,
      Buffer.from(String(text)),
    ]),
  }));
  const nextOffset = fetchedOffset + BigInt(records.length);
  const topic = DEFAULT_TOPIC_NAMES[input];
  return { topic, input, partition: 0, fetchedOffset, nextOffset, deliveries };
}

/** The messages that a relay would publish from the outbox. */
function buildMessages({ outbox }: Evidence): readonly OutputMessage[] {
  const inOrder = outbox.toSorted((one, other) => Number(one.position) - Number(other.position));
  return inOrder.map((row) => {
    const data = JSON.parse(row.payload) as Record<string, unknown>;
    return { ...placed(row), type: typeOf(row.topic, data), data };
  });
}

/** Derives the type: the evidence does not contain the headers. */
function typeOf(topic: OutputTopic, data: Readonly<Record<string, unknown>>): string {
  return topic === 'reviews' && 'resolution' in data ? 'latchkey.review.resolved.v1' : TYPES[topic];
}

function placed(row: Evidence['outbox'][number]): Omit<OutputMessage, 'type' | 'data'> {
  return {
    topic: row.topic,
    partition: row.partition,
    offset: BigInt(row.position),
    key: row.key,
    headers: {},
    id: row.ceId,
    position: BigInt(row.position),
    generation: BigInt(row.generation),
  };
}

const TYPES: Readonly<Record<OutputTopic, string>> = {
  lifecycle: 'latchkey.lifecycle.changed.v1',
  access: 'latchkey.access.desired.v1',
  verifications: 'latchkey.verification.settled.v1',
  reviews: 'latchkey.review.opened.v1',
  'dead-letters': 'latchkey.delivery.dead-lettered.v1',
};

async function judgeDatabase(harness: IntakeHarness, ledger: Ledger): Promise<readonly Finding[]> {
  await untilOrdered(harness.query, () => harness.db.transaction((tx) => sequenceAudit(tx)));
  const evidence = await gatherEvidence(harness.query, DEFAULT_TOPIC_NAMES);
  return runChecks({ ledger, evidence, messages: buildMessages(evidence), nowMs: Date.now() });
}

test('I1–I7, I21–I23: intake on a real database matches the reference, also after a replay', {
  timeout: LIMIT_MS,
}, async () => {
  await fc.assert(
    fc.asyncProperty(drawn, async ({ batchSize, ...options }) => {
      await using database = await createTestDatabase();
      await using harness = await openIntakeHarness(database);
      const shares = { conflictShare: 0.1, poisonShare: 0.1 };
      const records = generateWorkload({ ...options, ...shares, prefix: 'h' });
      const ledger = createLedger();
      const offsets = new Map<InputTopic, bigint>();

      ledger.sent(records);
      await processAll(harness, records, batchSize, offsets);
      expect(await judgeDatabase(harness, ledger)).toEqual([]);

      const before = await fingerprintState(harness.query);
      ledger.sent(records);
      await processAll(harness, records, batchSize, offsets);
      expect(await judgeDatabase(harness, ledger)).toEqual([]);
      expect(diffState(before, await fingerprintState(harness.query))).toEqual([]);
    }),
    { numRuns: RUNS },
  );
});
