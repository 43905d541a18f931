import { readFile } from 'node:fs/promises';
import { DEFAULT_TOPIC_NAMES } from '@latchkey/contracts';
import { EXAMPLE_POLICY_URL, loadPolicy } from '@latchkey/domain';
import {
  type BatchDelivery,
  type IntakeContext,
  locate,
  outputLanes,
  processBatch,
} from '@latchkey/intake';
import { type Db, ensureLanes, listLanes, openDatabase } from '@latchkey/postgres';
import { type SentEvent, structured } from '../events.ts';

const BATCH_MAX_COUNT = 500;
const BATCH_MAX_BYTES = 1024 * 1024;
const AT = { topic: DEFAULT_TOPIC_NAMES['workforce-events'], partition: 0 };

/**
 * Lets intake apply events to a database without services. Its lanes and positions belong to no real topic.
 *
 * @throws Error when one of them is not applied
 */
export async function applyEvents(url: string, events: Iterable<SentEvent>): Promise<void> {
  await using db = openDatabase({
    url,
    role: undefined,
    poolSize: 1,
    applicationName: 'test-models',
    onConnectionLost: () => undefined,
  });
  const context = await contextOf(db);
  await locate(db, { ...AT, logStart: 0n, logEnd: 1_000_000_000n });
  let offset = 0n;
  for (const values of batchesOf(events)) {
    await applyBatch(context, offset, values);
    offset += BigInt(values.length);
  }
}

async function contextOf(db: Db): Promise<IntakeContext> {
  const policy = loadPolicy(await readFile(EXAMPLE_POLICY_URL, 'utf8'));
  const names = DEFAULT_TOPIC_NAMES;
  for (const topic of Object.values(names)) await db.run(ensureLanes, { topic, partitions: 1 });
  const lanes = outputLanes(await db.run(listLanes, {}), names);
  return { db, policy, outputs: { installation: 'models', lanes, layout: 0 }, build: 'test' };
}

async function applyBatch(
  context: IntakeContext,
  fetchedOffset: bigint,
  records: readonly Keyed[],
): Promise<void> {
  const deliveries = records.map(
    ({ key, value }, index): BatchDelivery => ({
      offset: fetchedOffset + BigInt(index),
      takenAtMs: Date.now(),
      key,
      value,
      headers: [['content-type', Buffer.from('application/cloudevents+json')]],
    }),
  );
  const outcome = await processBatch(context, {
    ...AT,
    input: 'workforce-events',
    fetchedOffset,
    nextOffset: fetchedOffset + BigInt(records.length),
    deliveries,
  });
  // Stale: what it says was known.
  const isDone =
    outcome.kind === 'processed' &&
    outcome.counts.applied + outcome.counts.stale === records.length;
  if (!isDone) throw new Error(`not all events were applied: ${JSON.stringify(outcome)}`);
}

interface Keyed {
  readonly key: Buffer;
  readonly value: Buffer;
}

function* batchesOf(events: Iterable<SentEvent>): Generator<readonly Keyed[]> {
  let batch: Keyed[] = [];
  let bytes = 0;
  for (const event of events) {
    const { key, value } = structured(event);
    batch.push({ key: Buffer.from(String(key)), value: Buffer.from(String(value)) });
    bytes += batch.at(-1)?.value.length ?? 0;
    if (batch.length < BATCH_MAX_COUNT && bytes < BATCH_MAX_BYTES) continue;
    yield batch;
    [batch, bytes] = [[], 0];
  }
  if (batch.length > 0) yield batch;
}
