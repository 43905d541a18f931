import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';

/** Called with the key of each message and the time of reading, by the clock of `performance`. */
type OnMessage = (key: string, atMs: number) => void;

/** Reads the committed messages of a topic until it is disposed. */
export interface CommittedReader extends AsyncDisposable {
  /** Rejects when reading cannot continue. An unreachable broker is retried. */
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

/** Internals of kafkajs, to fetch without a consumer group, whose rebalances would distort the measurement. */
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
const RETRY_MS = 50;
const QUICK_RETRY = { retries: 3, initialRetryTime: 30, maxRetryTime: 200 } as const;

/** Reads from the start of each partition. Resumes as soon as the brokers are reachable. */
export async function openCommittedReader(
  brokers: readonly string[],
  topic: string,
  onMessage: OnMessage,
): Promise<CommittedReader> {
  const nextOffsets = await readLogStarts(brokers, topic);
  const end = new AbortController();
  const reading = readUntil(end.signal, openCluster(brokers), topic, nextOffsets, onMessage);
  reading.catch(() => undefined); // the caller awaits `reading`
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
  onMessage: OnMessage,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await cluster.connect();
      await cluster.addTargetTopic(topic);
      await readUntilError(cluster, topic, nextOffsets, onMessage, signal);
    } catch {
      await sleep(RETRY_MS);
      await cluster.refreshMetadata().catch(() => undefined);
    }
  }
  await cluster.disconnect();
}

async function readUntilError(
  cluster: Cluster,
  topic: string,
  nextOffsets: Map<number, string>,
  onMessage: OnMessage,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const leaders = cluster.findLeaderForPartitions(topic, [...nextOffsets.keys()]);
    await Promise.all(
      Object.entries(leaders).map(async ([nodeId, led]) => {
        const broker = await cluster.findBroker({ nodeId });
        const { responses } = await broker.fetch(requestOf(topic, led, nextOffsets));
        for (const data of responses.flatMap(({ partitions }) => partitions)) {
          handlePartition(topic, data, nextOffsets, onMessage);
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

function handlePartition(
  topic: string,
  data: FetchedPartition,
  nextOffsets: Map<number, string>,
  onMessage: OnMessage,
): void {
  const batch = new BatchOf(topic, nextOffsets.get(data.partition) ?? '0', data);
  if (batch.isEmptyIncludingFiltered()) return;
  const atMs = performance.now();
  for (const { key } of batch.messages) onMessage(String(key), atMs);
  nextOffsets.set(data.partition, String(BigInt(batch.lastOffset()) + 1n));
}

async function readLogStarts(
  brokers: readonly string[],
  topic: string,
): Promise<Map<number, string>> {
  const admin = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const logs = await admin.fetchTopicOffsets(topic).finally(() => admin.disconnect());
  return new Map(logs.map(({ partition, low }) => [partition, low]));
}

/** Creates a cluster as the clients of kafkajs do. */
function openCluster(brokers: readonly string[]): Cluster {
  const kafka = new Kafka({
    brokers: [...brokers],
    logLevel: logLevel.NOTHING,
    retry: QUICK_RETRY,
    connectionTimeout: 1_000,
    requestTimeout: 2_000,
  });
  const create = Object.getOwnPropertySymbols(kafka).find(
    ({ description }) => description === 'private:Kafka:createCluster',
  );
  if (create === undefined) throw new Error('kafkajs creates its clusters elsewhere');
  const internals = kafka as unknown as Record<symbol, (of: object) => Cluster>;
  const open = internals[create];
  if (open === undefined) throw new Error('kafkajs creates its clusters elsewhere');
  return open({ isolationLevel: READ_COMMITTED, allowAutoTopicCreation: false });
}
