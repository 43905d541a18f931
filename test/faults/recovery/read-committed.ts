import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';

/** Is told the key of each message, and when it was read: by the clock of `performance`. */
type Seen = (key: string, atMs: number) => void;

/** Reads the committed messages of a topic, partition by partition, for as long as it is open. */
export interface CommittedReader extends AsyncDisposable {
  /** Rejects when it cannot go on; a broker that is away is no reason. */
  readonly reading: Promise<void>;
}

interface FetchedPartition {
  readonly partition: number;
}

interface Broker {
  fetch(request: object): Promise<{
    readonly responses: readonly { readonly partitions: readonly FetchedPartition[] }[];
  }>;
}

/** What kafkajs keeps to itself: reading without a group, which would be a part of what is measured. */
interface Cluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  addTargetTopic(topic: string): Promise<void>;
  refreshMetadata(): Promise<void>;
  findLeaderForPartitions(topic: string, partitions: readonly number[]): Record<string, number[]>;
  findBroker(of: { readonly nodeId: string }): Promise<Broker>;
}

interface Batch {
  readonly messages: readonly { readonly key: Buffer | null }[];
  isEmptyIncludingFiltered(): boolean;
  lastOffset(): string;
}

const require = createRequire(import.meta.url);
const BatchOf = require('kafkajs/src/consumer/batch.js') as new (
  topic: string,
  fetchedOffset: string,
  data: FetchedPartition,
) => Batch;

const READ_COMMITTED = 1;
const MAX_WAIT_MS = 50;
const MAX_BYTES = 8 * 1024 * 1024;
const AGAIN_MS = 50;
const BACK_SOON = { retries: 3, initialRetryTime: 30, maxRetryTime: 200 } as const;

/** Begins at the start of each partition. Is back as soon as its brokers are. */
export async function openCommittedReader(
  brokers: readonly string[],
  topic: string,
  seen: Seen,
): Promise<CommittedReader> {
  const nextOffsets = await startsOf(brokers, topic);
  const end = new AbortController();
  const reading = readUntil(end.signal, openCluster(brokers), topic, nextOffsets, seen);
  reading.catch(() => undefined); // seen by whoever opened it
  return {
    reading,
    [Symbol.asyncDispose]: () => {
      end.abort();
      return reading;
    },
  };
}

async function readUntil(
  signal: AbortSignal,
  cluster: Cluster,
  topic: string,
  nextOffsets: Map<number, string>,
  seen: Seen,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await cluster.connect();
      await cluster.addTargetTopic(topic);
      await readWhileItWorks(cluster, topic, nextOffsets, seen, signal);
    } catch {
      await sleep(AGAIN_MS);
      await cluster.refreshMetadata().catch(() => undefined);
    }
  }
  await cluster.disconnect();
}

async function readWhileItWorks(
  cluster: Cluster,
  topic: string,
  nextOffsets: Map<number, string>,
  seen: Seen,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const leaders = cluster.findLeaderForPartitions(topic, [...nextOffsets.keys()]);
    await Promise.all(
      Object.entries(leaders).map(async ([nodeId, led]) => {
        const broker = await cluster.findBroker({ nodeId });
        const { responses } = await broker.fetch(requestOf(topic, led, nextOffsets));
        for (const data of responses.flatMap(({ partitions }) => partitions)) {
          note(topic, data, nextOffsets, seen);
        }
      }),
    );
  }
}

function requestOf(
  topic: string,
  partitions: readonly number[],
  nextOffsets: ReadonlyMap<number, string>,
): object {
  return {
    maxWaitTime: MAX_WAIT_MS,
    minBytes: 1,
    maxBytes: MAX_BYTES,
    isolationLevel: READ_COMMITTED,
    topics: [
      {
        topic,
        partitions: partitions.map((partition) => ({
          partition,
          fetchOffset: nextOffsets.get(partition),
          maxBytes: MAX_BYTES,
        })),
      },
    ],
  };
}

function note(
  topic: string,
  data: FetchedPartition,
  nextOffsets: Map<number, string>,
  seen: Seen,
): void {
  const batch = new BatchOf(topic, nextOffsets.get(data.partition) ?? '0', data);
  if (batch.isEmptyIncludingFiltered()) return;
  const atMs = performance.now();
  for (const { key } of batch.messages) seen(String(key), atMs);
  nextOffsets.set(data.partition, String(BigInt(batch.lastOffset()) + 1n));
}

async function startsOf(brokers: readonly string[], topic: string): Promise<Map<number, string>> {
  const admin = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const logs = await admin.fetchTopicOffsets(topic).finally(() => admin.disconnect());
  return new Map(logs.map(({ partition, low }) => [partition, low]));
}

/** As kafkajs' clients make it. */
function openCluster(brokers: readonly string[]): Cluster {
  const kafka = new Kafka({
    brokers: [...brokers],
    logLevel: logLevel.NOTHING,
    retry: BACK_SOON,
    connectionTimeout: 1_000,
    requestTimeout: 2_000,
  });
  const create = Object.getOwnPropertySymbols(kafka).find(
    ({ description }) => description === 'private:Kafka:createCluster',
  );
  if (create === undefined) throw new Error('kafkajs makes its clusters elsewhere');
  const made = kafka as unknown as Record<symbol, (of: object) => Cluster>;
  const open = made[create];
  if (open === undefined) throw new Error('kafkajs makes its clusters elsewhere');
  return open({ isolationLevel: READ_COMMITTED, allowAutoTopicCreation: false });
}
