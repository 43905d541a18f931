import { readFile } from 'node:fs/promises';
import { DEFAULT_TOPIC_NAMES, type InputTopic } from '@latchkey/contracts';
import { EXAMPLE_POLICY_URL, loadPolicy } from '@latchkey/domain';
import {
  type Batch,
  type BatchDelivery,
  type BatchOutcome,
  type IntakeContext,
  type LockedElsewhere,
  locate,
  type Outputs,
  outputLanes,
  processBatch,
  processBatches,
  processOrIsolate,
} from '@latchkey/intake';
import {
  type DatabaseOptions,
  type Db,
  ensureLanes,
  listLanes,
  openDatabase,
} from '@latchkey/postgres';
import type { TestDatabase } from './database.ts';
import { type SentEvent, structured } from './events.ts';

/** Intake on a real database, without Kafka: batches are built here. */
export interface IntakeHarness extends AsyncDisposable, IntakeContext {
  readonly context: IntakeContext;
  /** Processes events as the next batch of partition 0, or of the one given. */
  process(events: readonly SentEvent[], partition?: number): Promise<BatchOutcome>;
  /** Processes a batch as it is. */
  processBatch(batch: Batch): Promise<BatchOutcome>;
  /** The same with poison isolated. */
  processOrIsolate(batch: Batch): Promise<readonly BatchOutcome[]>;
  /** Processes batches of different partitions in one transaction. */
  processTogether(batches: readonly Batch[]): Promise<readonly (BatchOutcome | LockedElsewhere)[]>;
  /** The next batch of a partition, not processed yet. */
  batchOf(events: readonly SentEvent[], partition?: number): Batch;
  /** The rows of a query, for assertions. */
  readonly query: TestDatabase['query'];
}

const PARTITIONS = 3;

/**
 * @param changePolicy - changes the text of the example policy
 * @param client - opens the connections
 */
export async function openIntakeHarness(
  database: TestDatabase,
  changePolicy: (yaml: string) => string = (yaml) => yaml,
  client: Pick<DatabaseOptions, 'Client'> = {},
): Promise<IntakeHarness> {
  const db = openDatabase({
    ...client,
    url: database.url,
    role: 'latchkey_reconciler',
    poolSize: 6,
    applicationName: 'test-intake',
    onConnectionLost: () => undefined,
  });
  const policy = loadPolicy(changePolicy(await readFile(EXAMPLE_POLICY_URL, 'utf8')));
  const { lifecycle, access, verifications, reviews, ...rest } = DEFAULT_TOPIC_NAMES;
  const names = { lifecycle, access, verifications, reviews, 'dead-letters': rest['dead-letters'] };
  for (const topic of Object.values(names)) await db.run(ensureLanes, { topic, partitions: 2 });
  const lanes = outputLanes(await db.run(listLanes, {}), names);
  const outputs: Outputs = { installation: 'test', lanes, layout: 0 };
  const context: IntakeContext = { db, policy, outputs, build: 'test' };
  const nextOffsets = new Map<string, bigint>();
  const batchOf = (events: readonly SentEvent[], partition = 0): Batch => {
    const input = inputOf(events);
    const place = `${input}/${partition}`;
    const fetchedOffset = nextOffsets.get(place) ?? 0n;
    const nextOffset = fetchedOffset + BigInt(events.length);
    nextOffsets.set(place, nextOffset);
    const deliveries = events.map((event, index) =>
      deliveryOf(event, fetchedOffset + BigInt(index)),
    );
    const topic = DEFAULT_TOPIC_NAMES[input];
    return { topic, input, partition, fetchedOffset, nextOffset, deliveries };
  };
  const processOne = async (batch: Batch): Promise<BatchOutcome> => {
    await begin(db, batch);
    return processBatch(context, batch);
  };
  return {
    ...context,
    context,
    batchOf,
    processBatch: processOne,
    process: (events, partition) => processOne(batchOf(events, partition)),
    processTogether: async (batches) => {
      for (const batch of batches) await begin(db, batch);
      return processBatches(context, batches);
    },
    processOrIsolate: async (batch) => {
      await begin(db, batch);
      return processOrIsolate(context, batch);
    },
    query: database.query,
    [Symbol.asyncDispose]: () => db[Symbol.asyncDispose](),
  };
}

/** Locates the partition, as a consumer does before it reads. */
async function begin(db: Db, { topic, partition, nextOffset }: Batch): Promise<void> {
  if (partition >= PARTITIONS) throw new RangeError('no such partition');
  await locate(db, { topic, partition, logStart: 0n, logEnd: nextOffset + 1_000_000n });
}

function inputOf(events: readonly SentEvent[]): InputTopic {
  const [first] = events;
  return first === undefined ? 'workforce-events' : structured(first).topic;
}

function deliveryOf(event: SentEvent, offset: bigint): BatchDelivery {
  const { key, value, headers } = structured(event);
  return {
    offset,
    takenAtMs: Date.now(),
    key: key === null ? null : Buffer.from(key),
    value: value === null ? null : Buffer.from(value),
    headers: Object.entries(headers ?? {}).map(([name, text]) => [name, Buffer.from(String(text))]),
  };
}
