import { randomUUID } from 'node:crypto';
import {
  acquireTransactionalProducer,
  type BatchConsumerOptions,
  createMissingTopics,
  type Kafka,
  type KafkaLog,
  openAdmin,
  openKafka,
  type PartitionReading,
  runBatchConsumer,
} from '@latchkey/kafka';
import { CompressionTypes, type IHeaders } from 'kafkajs';
import { expect, inject, test } from 'vitest';
import { RecordingReading } from '../support/recording-reading.ts';

const ALL = [
  CompressionTypes.None,
  CompressionTypes.GZIP,
  CompressionTypes.Snappy,
  CompressionTypes.LZ4,
  CompressionTypes.ZSTD,
];

test.for(ALL)('reads what was written with compression %i', async (compression) => {
  const { topic, kafka } = await setUp();
  const values = Array.from({ length: 500 }, (_, index) => `${index}-${'x'.repeat(index)}`);
  await produce(kafka, topic, values, { compression });
  const reading = new RecordingReading();
  await using _ = consume(topic, reading);
  await expect.poll(() => reading.values()).toEqual(values);
});

test('a record with 5,000 headers is read like any other', async () => {
  const { topic, kafka } = await setUp();
  const names = Array.from({ length: 5_000 }, (_, index) => `header-${index}`);
  const headers: IHeaders = Object.fromEntries(names.map((name) => [name, 'value']));
  Object.defineProperty(headers, '__proto__', { value: 'polluted', enumerable: true });
  headers['constructor'] = ['first', 'second'];
  await produce(kafka, topic, ['before'], {});
  await produce(kafka, topic, ['many'], { headers });
  await produce(kafka, topic, ['after'], {});
  const reading = new RecordingReading();
  await using _ = consume(topic, reading);
  await expect.poll(() => reading.values()).toEqual(['before', 'many', 'after']);
  const read = reading.records[1]?.headers.map(([name, value]) => [name, value.toString()]) ?? [];
  expect(read).toHaveLength(5_003);
  expect(read.slice(-3)).toEqual([
    ['__proto__', 'polluted'],
    ['constructor', 'first'],
    ['constructor', 'second'],
  ]);
});

test('aborted messages are invisible, and the position gets past them and past control records', async () => {
  const { topic, kafka } = await setUp();
  await using producer = await transactional();
  for (const value of ['aborted', 'committed', 'aborted too']) {
    await producer.begin();
    await producer.send(topic, 0, [{ key: null, value, headers: {} }]);
    await (value === 'committed' ? producer.commit() : producer.abort());
  }
  const reading = new RecordingReading();
  await using _ = consume(topic, reading);
  await expect.poll(() => reading.positions.get(0)).toBe(6n);
  expect(reading.values()).toEqual(['committed']);

  // A batch of its own in which nothing is for a reader.
  await producer.begin();
  await producer.send(topic, 0, [{ key: null, value: 'aborted', headers: {} }]);
  await producer.abort();
  await expect.poll(() => reading.positions.get(0)).toBe(8n);
  expect(reading.batches.at(-1)).toMatchObject({ fetchedOffset: 6n, nextOffset: 8n, records: [] });
  await produce(kafka, topic, ['after'], {});
  await expect.poll(() => reading.values()).toEqual(['committed', 'after']);
});

test('starts where it is told, whatever the group committed', async () => {
  const { topic, kafka } = await setUp();
  await produce(kafka, topic, ['0', '1', '2', '3', '4'], {});
  const groupId = randomUUID();
  const first = new RecordingReading();
  {
    await using _ = consume(topic, first, { groupId });
    await expect.poll(() => first.values()).toHaveLength(5);
  }
  await using admin = await openAdmin(kafka);
  const [committed] = await admin.fetchOffsets({ groupId, topics: [topic] });
  expect(committed?.partitions).toMatchObject([{ partition: 0, offset: '5' }]);

  const second = new RecordingReading(new Map([[0, 3n]]));
  await using _ = consume(topic, second, { groupId });
  await expect.poll(() => second.values()).toEqual(['3', '4']);
  expect(second.batches[0]?.fetchedOffset).toBe(3n);
});

test('a stopped partition keeps no other waiting, and goes on by itself', async () => {
  const { topic, kafka } = await setUp(2);
  await produce(kafka, topic, ['a0', 'a1'], { partition: 0 });
  await produce(kafka, topic, ['b0', 'b1'], { partition: 1 });
  const reading = new RecordingReading();
  reading.stopped.add(0);
  await using _ = consume(topic, reading);
  await expect.poll(() => reading.values()).toEqual(['b0', 'b1']);
  const asked = reading.located.length;
  await expect.poll(() => reading.located.length).toBeGreaterThan(asked);
  reading.stopped.clear();
  await expect.poll(() => reading.values()).toEqual(['b0', 'b1', 'a0', 'a1']);
});

test('a batch that waits keeps neither the others nor the membership waiting', async () => {
  const { topic, kafka } = await setUp(2);
  const reading = new RecordingReading();
  const stuck = Promise.withResolvers<'taken'>();
  reading.before = ({ partition }) =>
    partition === 0 ? stuck.promise : Promise.resolve('taken' as const);
  await using _ = consume(topic, reading, { sessionTimeoutMs: 6_000 });
  await produce(kafka, topic, ['stuck'], { partition: 0 });
  const startedMs = performance.now();
  let sent = 0;
  // Longer than the session: a member that says nothing meanwhile loses its partitions.
  while (performance.now() - startedMs < 8_000) {
    sent += 1;
    await produce(kafka, topic, [`b${sent}`], { partition: 1 });
    await expect.poll(() => reading.values()).toHaveLength(sent);
  }
  expect(reading.located).toHaveLength(2);
  stuck.resolve('taken');
  await expect.poll(() => reading.values().at(-1)).toBe('stuck');
  await produce(kafka, topic, ['moving again'], { partition: 0 });
  await expect.poll(() => reading.values().at(-1)).toBe('moving again');
});

test('a rebalance with a batch in flight hands over without loss or repetition', async () => {
  const { topic, kafka } = await setUp(2);
  const groupId = randomUUID();
  const positions = new Map<number, bigint>();
  const first = new RecordingReading(positions);
  const second = new RecordingReading(positions);
  let gaveUp = 0;
  first.before = async (_, hold) => {
    if (gaveUp > 0) return 'taken';
    await expect.poll(() => hold.keep()).toBe(false);
    gaveUp += 1;
    return 'relocate';
  };
  await produce(kafka, topic, ['a0'], { partition: 0 });
  await produce(kafka, topic, ['b0'], { partition: 1 });
  await using _ = consume(topic, first, { groupId });
  await expect.poll(() => first.located).toHaveLength(2);
  await using __ = consume(topic, second, { groupId });
  const all = (): string[] => [...first.values(), ...second.values()].sort();
  await expect.poll(all).toEqual(['a0', 'b0']);
  await expect.poll(() => second.located.length).toBeGreaterThan(0);
  await produce(kafka, topic, ['a1'], { partition: 0 });
  await produce(kafka, topic, ['b1'], { partition: 1 });
  await expect.poll(all).toEqual(['a0', 'a1', 'b0', 'b1']);
  expect(gaveUp).toBeGreaterThan(0);
  expect(second.values()).not.toEqual([]);
});

test('a log that starts after the position stops the partition until the position is moved', async () => {
  const { topic, kafka } = await setUp();
  await produce(kafka, topic, ['0', '1', '2'], {});
  const reading = new RecordingReading();
  const slow = Promise.withResolvers<'taken'>();
  reading.before = () => slow.promise;
  await using _ = consume(topic, reading);
  await expect.poll(() => reading.located).toHaveLength(1);
  await produce(kafka, topic, ['3', '4', '5'], {});
  await using admin = await openAdmin(kafka);
  await admin.fetchTopicOffsets(topic); // or kafkajs does not know its leaders
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '5' }] });
  slow.resolve('taken');
  // What was in hand is taken; the next fetch is out of range, and kafkajs chooses another offset by itself.
  await expect.poll(() => reading.located.at(-1)).toMatchObject({ logStart: 5n, logEnd: 6n });
  expect(reading.values()).not.toContain('5');
  reading.positions.set(0, 5n);
  await expect.poll(() => reading.values().at(-1)).toBe('5');
});

test('a record batch that cannot be read stops its partition only, until the position is past it', async () => {
  const { topic, kafka } = await setUp(2);
  await produce(kafka, topic, ['before'], { partition: 0 });
  const bomb = 'x'.repeat(33 * 1024 * 1024);
  await produce(kafka, topic, [bomb], { partition: 0, compression: CompressionTypes.ZSTD });
  await produce(kafka, topic, ['after'], { partition: 0 });
  const reading = new RecordingReading();
  await using _ = consume(topic, reading);
  await expect.poll(() => reading.values()).toEqual(['before']);
  await produce(kafka, topic, ['other'], { partition: 1 });
  await expect.poll(() => reading.values()).toEqual(['before', 'other']);
  const asked = reading.located.length;
  await expect.poll(() => reading.located.length).toBeGreaterThan(asked + 1);
  expect(reading.positions.get(0)).toBe(1n);
  reading.positions.set(0, 2n);
  await expect.poll(() => reading.values()).toEqual(['before', 'other', 'after']);
});

test('being asked to stop finishes the batch in hand and leaves the group', async () => {
  const { topic, kafka } = await setUp();
  await produce(kafka, topic, ['in hand'], {});
  const groupId = randomUUID();
  const reading = new RecordingReading();
  const slow = Promise.withResolvers<'taken'>();
  const inHand = Promise.withResolvers<undefined>();
  reading.before = () => {
    inHand.resolve(undefined);
    return slow.promise;
  };
  const stop = new AbortController();
  const running = runBatchConsumer(
    local(),
    reading,
    optionsOf(topic, { groupId }),
    log,
    stop.signal,
  );
  await inHand.promise;
  stop.abort();
  slow.resolve('taken');
  await running;
  expect(reading.values()).toEqual(['in hand']);
  await using admin = await openAdmin(kafka);
  const { groups } = await admin.describeGroups([groupId]);
  expect(groups[0]?.members).toEqual([]);
});

test('a reader that rejects ends the consumer', async () => {
  const { topic, kafka } = await setUp();
  await produce(kafka, topic, ['any'], {});
  const reading = new RecordingReading();
  reading.before = () => Promise.reject(new Error('no way on'));
  const { signal } = new AbortController();
  const running = runBatchConsumer(local(), reading, optionsOf(topic, {}), log, signal);
  await expect(running).rejects.toThrow('no way on');
});

const log: KafkaLog = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

function local(): Kafka {
  return openKafka(connection(), log);
}

function connection(): Parameters<typeof openKafka>[0] {
  return { brokers: inject('brokers'), clientId: 'test', ssl: false, sasl: undefined };
}

async function setUp(partitions = 1): Promise<{ topic: string; kafka: Kafka }> {
  const topic = `kafka-consume-${randomUUID()}`;
  const kafka = local();
  await using admin = await openAdmin(kafka);
  await createMissingTopics(admin, [
    { name: topic, partitions, replicas: undefined, settings: {} },
  ]);
  return { topic, kafka };
}

function transactional(): ReturnType<typeof acquireTransactionalProducer> {
  const options = {
    transactionalId: randomUUID(),
    transactionTimeoutMs: 15_000,
    deadlineMs: 10_000,
  };
  return acquireTransactionalProducer(connection(), options, log);
}

async function produce(
  kafka: Kafka,
  topic: string,
  values: readonly string[],
  how: { partition?: number; compression?: CompressionTypes; headers?: IHeaders },
): Promise<void> {
  const { partition = 0, compression = CompressionTypes.None, headers = {} } = how;
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  try {
    const messages = values.map((value) => ({ value, partition, headers }));
    await producer.send({ topic, compression, messages });
  } finally {
    await producer.disconnect();
  }
}

function optionsOf(topic: string, differing: Partial<BatchConsumerOptions>): BatchConsumerOptions {
  return {
    groupId: randomUUID(),
    topics: [topic],
    sessionTimeoutMs: 10_000,
    partitionsAtOnce: 4,
    maxBytesPerPartition: 1_048_588,
    relocateMs: 200,
    ...differing,
  };
}

function consume(
  topic: string,
  reading: PartitionReading,
  differing: Partial<BatchConsumerOptions> = {},
): AsyncDisposable {
  const stop = new AbortController();
  const running = runBatchConsumer(local(), reading, optionsOf(topic, differing), log, stop.signal);
  running.catch(() => undefined);
  return {
    [Symbol.asyncDispose]: () => {
      stop.abort();
      return running;
    },
  };
}
