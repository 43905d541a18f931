import { DEFAULT_TOPIC_NAMES, type InputTopic, type OutputTopic } from '@latchkey/contracts';
import type { Batch } from '@latchkey/intake';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createTestDatabase } from '../../support/database.ts';
import type { SentRecord } from '../../support/events.ts';
import { type IntakeDesk, openIntakeDesk } from '../../support/intake-desk.ts';
import type { OutputMessage } from '../../support/output-reader.ts';
import { type Evidence, gatherEvidence } from '../oracle/evidence.ts';
import { type Finding, findingsOf } from '../oracle/judge.ts';
import { createLedger, type Ledger } from '../oracle/ledger.ts';
import { fingerprintOfState, replayFindings } from '../oracle/replay.ts';
import { generateWorkload } from '../workload/generate.ts';
import { HISTORIES } from './how-many.ts';

/** Each has a database of its own, which takes a tenth of a second or more. */
const RUNS = Math.ceil(HISTORIES / 20);
const LIMIT_MS = 30_000 + RUNS * 3_000;

const drawn = fc.record({
  seed: fc.nat(1_000_000),
  persons: fc.integer({ min: 1, max: 8 }),
  verifications: fc.integer({ min: 0, max: 4 }),
  batchSize: fc.integer({ min: 1, max: 20 }),
});

/** Gives everything to intake: each input in batches of its own, as its partition would come. */
async function takeAll(
  desk: IntakeDesk,
  records: readonly SentRecord[],
  batchSize: number,
  offsets: Map<InputTopic, bigint>,
): Promise<void> {
  for (const [input, own] of Map.groupBy(records, ({ topic }) => topic)) {
    for (let at = 0; at < own.length; at += batchSize) {
      const fetchedOffset = offsets.get(input) ?? 0n;
      const batch = batchOf(input, fetchedOffset, own.slice(at, at + batchSize));
      offsets.set(input, batch.nextOffset);
      await desk.takeBatch(batch);
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

/** The messages that a relay would make of the outbox. */
function messagesFrom({ outbox }: Evidence): readonly OutputMessage[] {
  const inOrder = outbox.toSorted((one, other) => Number(one.position) - Number(other.position));
  return inOrder.map((row) => {
    const data = JSON.parse(row.payload) as Record<string, unknown>;
    return { ...placed(row), type: typeOf(row.topic, data), data };
  });
}

/** The headers, which say the type, are not in the evidence. */
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

async function findingsIn(desk: IntakeDesk, ledger: Ledger): Promise<readonly Finding[]> {
  const evidence = await gatherEvidence(desk.query, DEFAULT_TOPIC_NAMES);
  return findingsOf({ ledger, evidence, messages: messagesFrom(evidence), nowMs: Date.now() });
}

test('I1–I7, I21–I23: intake on a real database ends as the reference says, and stays so', {
  timeout: LIMIT_MS,
}, async () => {
  await fc.assert(
    fc.asyncProperty(drawn, async ({ batchSize, ...options }) => {
      await using database = await createTestDatabase();
      await using desk = await openIntakeDesk(database);
      const shares = { conflictShare: 0.1, poisonShare: 0.1 };
      const records = generateWorkload({ ...options, ...shares, prefix: 'h' });
      const ledger = createLedger();
      const offsets = new Map<InputTopic, bigint>();

      ledger.sent(records);
      await takeAll(desk, records, batchSize, offsets);
      expect(await findingsIn(desk, ledger)).toEqual([]);

      const before = await fingerprintOfState(desk.query);
      ledger.sent(records);
      await takeAll(desk, records, batchSize, offsets);
      expect(await findingsIn(desk, ledger)).toEqual([]);
      expect(replayFindings(before, await fingerprintOfState(desk.query))).toEqual([]);
    }),
    { numRuns: RUNS },
  );
});
