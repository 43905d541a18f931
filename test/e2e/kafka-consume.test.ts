import { randomUUID } from 'node:crypto';
import { type Kafka, openAdmin, readLogTail, runBatchConsumer } from '@latchkey/kafka';
import { CompressionTypes, type IHeaders } from 'kafkajs';
import { expect, test } from 'vitest';
import {
  consume,
  log,
  optionsOf,
  produce,
  setUp,
  transactional,
} from '../support/kafka-clients.ts';
import { RecordingReading } from '../support/recording-reading.ts';

const ALL = [
  CompressionTypes.None,
  CompressionTypes.GZIP,
  CompressionTypes.Snappy,
  CompressionTypes.LZ4,
  CompressionTypes.ZSTD,
];

test.for(ALL)('reads records with compression %i', async (compression) => {
  const { topic, kafka } = await setUp();
  const values = Array.from({ length: 500 }, (_, index) => `${index}-${'x'.repeat(index)}`);
  await produce(kafka, topic, values, { compression });
  const reading = new RecordingReading();
  await using _ = consume(topic, reading);
  await expect.poll(() => reading.values()).toEqual(values);
});

test('reading the end of a log rejects once giveUp is aborted', async () => {
  const { topic, kafka } = await setUp();
  await produce(kafka, topic, ['the only one'], {});
  const giveUp = new AbortController();
  let read = 0;
  // The log never reaches this end.
  const wanted = {
    logs: new Map([[0, { start: 0n, end: 2n }]]),
    isEnough: () => true,
    process: (_: number, records: readonly unknown[]) => {
      read += records.length;
      return Promise.resolve();
    },
  };

  const reading = readLogTail(kafka, topic, wanted, log, giveUp.signal);
  reading.catch(() => undefined);
  await expect.poll(() => read).toBe(1);
  giveUp.abort(new Error('given up'));

  await expect(reading).rejects.toThrow('given up');
});

test('a record with 5,000 headers is read', async () => {
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

test('aborted messages are invisible, and the position moves past them and past control records', async () => {
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

  // A batch without a record for a reader.
  await producer.begin();
  await producer.send(topic, 0, [{ key: null, value: 'aborted', headers: {} }]);
  await producer.abort();
  await expect.poll(() => reading.positions.get(0)).toBe(8n);
  expect(reading.batches.at(-1)).toMatchObject({ fetchedOffset: 6n, nextOffset: 8n, records: [] });
  await produce(kafka, topic, ['after'], {});
  await expect.poll(() => reading.values()).toEqual(['committed', 'after']);
});

test('starts at the located position, not at the committed offset of the group', async () => {
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

test('a consumer that leaves while it subscribes does not run', async () => {
  const { topic, kafka } = await setUp();
  const stop = new AbortController();
  const { slow, subscribed, seen } = delaySubscribe(kafka, stop);
  await runBatchConsumer(slow, new RecordingReading(), optionsOf(topic, {}), log, stop.signal);
  await subscribed;
  expect(seen.runs).toBe(0);
});

/** The same client. Its consumer is asked to stop while it subscribes, and has subscribed after it was disconnected. */
function delaySubscribe(kafka: Kafka, stop: AbortController) {
  const disconnected = Promise.withResolvers<undefined>();
  const subscribed = Promise.withResolvers<undefined>();
  const seen = { runs: 0 };
  const consumer: Kafka['consumer'] = (options) => {
    const made = kafka.consumer(options);
    return {
      ...made,
      subscribe: async (subscription) => {
        await made.subscribe(subscription);
        stop.abort();
        await disconnected.promise;
        setImmediate(subscribed.resolve, undefined);
      },
      run: () => {
        seen.runs += 1;
        return Promise.resolve();
      },
      disconnect: async () => {
        await made.disconnect();
        disconnected.resolve(undefined);
      },
    };
  };
  const slow = { admin: () => kafka.admin(), consumer } as unknown as Kafka;
  return { slow, subscribed: subscribed.promise, seen };
}
