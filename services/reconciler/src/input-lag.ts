import { type Kafka, openAdmin, readWrittenOffsets, type TopicAdmin } from '@latchkey/kafka';
import type { BackgroundTask, Health, Metrics } from '@latchkey/runtime';
import type { Membership, OwnPosition } from './membership.ts';

const PART = 'input topics';

/** Measures how far the partitions that this process has are behind their logs, and whether the topics are there. */
export interface InputLag extends AsyncDisposable {
  readonly task: BackgroundTask;
}

export interface InputLagOptions {
  /** Opens a client that nothing else uses; it stops when `signal` is aborted. */
  readonly openKafka: (signal: AbortSignal) => Kafka;
  readonly topics: readonly string[];
  readonly membership: Membership;
  readonly health: Health;
  readonly metrics: Metrics;
}

interface Client {
  readonly admin: Promise<TopicAdmin>;
  /** Ends its waiting. */
  readonly stop: AbortController;
}

/**
 * Uses a separate client, which is closed after each failure: once one of its topics is deleted, kafkajs cannot refresh the
 * metadata of the others, and waits until the topic exists again.
 */
export function openInputLag(options: InputLagOptions): InputLag {
  const { topics, membership, health } = options;
  const gauges = lagGauges(options.metrics);
  let client: Client | undefined;
  const close = async (): Promise<void> => {
    const closing = client;
    client = undefined;
    closing?.stop.abort();
    const admin = await closing?.admin.catch(() => undefined);
    await admin?.[Symbol.asyncDispose]();
  };
  const measure = async (): Promise<void> => {
    membership.checkFetching();
    client ??= connect(options.openKafka);
    const admin = await client.admin;
    const existing = new Set(await admin.listTopics());
    const missing = topics.filter((topic) => !existing.has(topic));
    if (missing.length > 0) {
      health.notReady(PART, `missing: ${missing.join(', ')}`);
      gauges.forget();
      await close();
      return;
    }
    health.ready(PART);
    const ends = new Map<string, ReadonlyMap<number, bigint>>();
    for (const topic of new Set(membership.positions().map((own) => own.topic))) {
      // eslint-disable-next-line no-await-in-loop -- few topics, and a client asks for one at a time
      ends.set(topic, await endsOf(admin, topic));
    }
    gauges.show(membership.positions(), ends);
  };
  const forget = (): void => {
    membership.checkFetching();
    gauges.forget();
    // A connection that cannot be closed is lost already.
    void close().catch(() => undefined);
  };
  return {
    task: { name: 'input-lag', everyMs: 5_000, limitMs: 10_000, forget, work: measure },
    [Symbol.asyncDispose]: close,
  };
}

function connect(openKafka: InputLagOptions['openKafka']): Client {
  const stop = new AbortController();
  return { stop, admin: openAdmin(openKafka(stop.signal)) };
}

async function endsOf(admin: TopicAdmin, topic: string): Promise<ReadonlyMap<number, bigint>> {
  const logs = await readWrittenOffsets(admin, topic, 1);
  return new Map([...logs].map(([partition, { end }]) => [partition, end]));
}

type Ends = ReadonlyMap<string, ReadonlyMap<number, bigint>>;

/** Each call of `show` removes the values of partitions that are not among `positions`. */
function lagGauges(metrics: Metrics): {
  readonly show: (positions: readonly OwnPosition[], ends: Ends) => void;
  readonly forget: () => void;
} {
  const lag = metrics.gauge('latchkey_consumer_lag');
  const at = metrics.gauge('latchkey_consumer_position');
  const forget = (): void => {
    lag.reset();
    at.reset();
  };
  return {
    forget,
    show: (positions, ends) => {
      forget();
      for (const { topic, partition, position } of positions) {
        const end = ends.get(topic)?.get(partition);
        if (position === undefined || end === undefined) continue;
        at.set({ topic, partition }, Number(position));
        // The position may have advanced since the end was read; a log that was created again ends before the position.
        lag.set({ topic, partition }, Math.max(0, Number(end - position)));
      }
    },
  };
}
