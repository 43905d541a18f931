import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { Failure } from '@latchkey/contracts';
import {
  acquireTransactionalProducer,
  createMissingTopics,
  ensureOutputTopics,
  openAdmin,
  readCommittedOffsets,
  readLogOffsets,
  type TransactionalProducer,
  waitUntilOffsetsReady,
} from '@latchkey/kafka';
import { ConfigResourceTypes, ConfigSource } from 'kafkajs';
import { expect, test } from 'vitest';
import { connection, consume, local, log } from '../support/kafka-clients.ts';
import { RecordingReading } from '../support/recording-reading.ts';

const GROUP = `kafka-produce-${randomUUID()}`;

test('messages and offsets become visible together', async () => {
  const topic = await createTopic();
  await using producer = await acquire(randomUUID());
  await producer.begin();
  await producer.send(topic, 0, [message('one'), message('two')]);
  await producer.sendOffsets(GROUP, topic, [{ partition: 0, offset: 2n, metadata: 'anchor' }]);
  expect(await committed(topic)).toEqual(new Map());
  expect(await visible(topic)).toBe(0n);
  await producer.commit();
  await expect
    .poll(() => committed(topic))
    .toEqual(new Map([[0, { offset: 2n, metadata: 'anchor' }]]));
  expect(await valuesOf(topic, 3n)).toEqual(['one', 'two']);
});

test('acquiring fences the previous producer and aborts its open transaction', async () => {
  const topic = await createTopic();
  const transactionalId = randomUUID();
  await using zombie = await acquire(transactionalId);
  await zombie.begin();
  await zombie.send(topic, 0, [message('zombie')]);
  await zombie.sendOffsets(GROUP, topic, [{ partition: 0, offset: 1n, metadata: 'zombie' }]);

  await using successor = await acquire(transactionalId);
  expect(await committed(topic)).toEqual(new Map());
  await expect(zombie.commit()).rejects.toThrow();
  await expect(zombie.begin()).rejects.toThrow('thrown away');

  await successor.begin();
  await successor.send(topic, 0, [message('successor')]);
  await successor.sendOffsets(GROUP, topic, [{ partition: 0, offset: 1n, metadata: 'successor' }]);
  await successor.commit();
  // Both messages, and a marker of each transaction.
  expect(await valuesOf(topic, 4n)).toEqual(['successor']);
  expect(await committed(topic)).toEqual(new Map([[0, { offset: 1n, metadata: 'successor' }]]));
});

test('aborted messages are invisible, and the producer continues', async () => {
  const topic = await createTopic();
  await using producer = await acquire(randomUUID());
  await producer.begin();
  await producer.send(topic, 0, [message('aborted')]);
  await producer.abort();
  await producer.begin();
  await producer.send(topic, 0, [message('committed')]);
  await producer.commit();
  expect(await valuesOf(topic, 4n)).toEqual(['committed']);
});

test('a message that is too large rejects with MESSAGE_TOO_LARGE', async () => {
  const topic = await createTopic({ 'max.message.bytes': '1000' });
  await using producer = await acquire(randomUUID());
  await producer.begin();
  const sending = producer.send(topic, 0, [message('x'.repeat(2_000))]);
  await expect(sending).rejects.toMatchObject({
    code: 'MESSAGE_TOO_LARGE',
    details: { topic, partition: 0, messages: 1 },
  });
});

test('sending to a partition that does not exist rejects', async () => {
  const topic = await createTopic();
  await using producer = await acquire(randomUUID());
  await producer.begin();
  await expect(producer.send(topic, 7, [message('lost')])).rejects.toThrow('partition 7');
});

test('a transaction adds its partitions with one request, without looking up its coordinator', async () => {
  const topic = await createTopic({}, 3);
  await using producer = await acquire(randomUUID());
  const partitions = [0, 1, 2];
  const publish = async (): Promise<void> => {
    await producer.begin({ topic, partitions });
    for (const partition of partitions) {
      await producer.send(topic, partition, [message('one'), message('two')]);
    }
    const offsets = partitions.map((partition) => ({ partition, offset: 2n, metadata: '' }));
    await producer.sendOffsets(GROUP, topic, offsets);
    await producer.commit();
  };
  await publish();
  using requests = recordRequests();
  await publish();
  // Retried while the markers of the previous transaction are written.
  const first = requests.names.lastIndexOf('AddPartitionsToTxn');
  expect(new Set(requests.names.slice(0, first))).not.toContain('FindCoordinator');
  expect(requests.names.slice(first)).toEqual([
    'AddPartitionsToTxn',
    'Produce',
    'Produce',
    'Produce',
    'AddOffsetsToTxn',
    'TxnOffsetCommit',
    'EndTxn',
  ]);
  await expect
    .poll(() => committed(topic, 3))
    .toEqual(new Map(partitions.map((partition) => [partition, { offset: 2n, metadata: '' }])));
});

test('output topics are created once, and refused if their partition counts differ', async () => {
  await using admin = await openAdmin(local());
  const topic = `kafka-produce-${randomUUID()}`;
  const wanted = { topic, configured: 3, recorded: undefined };
  const [first, second] = await Promise.all([
    ensureOutputTopics(admin, [wanted]),
    ensureOutputTopics(admin, [wanted]),
  ]);
  expect(first.get(topic)).toMatchObject({ name: topic, partitions: 3 });
  expect(second).toEqual(first);
  // Set on the topic, so that the defaults of the brokers do not matter.
  const described = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: ConfigResourceTypes.TOPIC, name: topic }],
  });
  const own = described.resources[0]?.configEntries.filter(
    ({ configSource }) => configSource === ConfigSource.TOPIC_CONFIG,
  );
  expect(
    Object.fromEntries((own ?? []).map((entry) => [entry.configName, entry.configValue])),
  ).toEqual({
    'cleanup.policy': 'delete',
    'max.message.bytes': '1048588',
  });
  const other = ensureOutputTopics(admin, [{ ...wanted, configured: undefined, recorded: 5 }]);
  await expect(other).rejects.toThrow(Failure);
  await expect(other).rejects.toMatchObject({ code: 'PARTITION_COUNT_DIFFERS' });
});

function acquire(transactionalId: string): Promise<TransactionalProducer> {
  const options = { transactionalId, transactionTimeoutMs: 15_000, deadlineMs: 10_000 };
  return acquireTransactionalProducer(connection(), options, log);
}

interface Sent {
  readonly request: { readonly apiName: string };
}

interface Connection {
  send: (this: Connection, sent: Sent) => Promise<unknown>;
}

/** The requests that kafkajs sends in this process, until disposed. */
function recordRequests(): Disposable & { readonly names: readonly string[] } {
  const { prototype } = createRequire(import.meta.url)('kafkajs/src/network/connection.js') as {
    prototype: Connection;
  };
  const original = prototype.send;
  const names: string[] = [];
  prototype.send = function (sent) {
    names.push(sent.request.apiName);
    return original.call(this, sent);
  };
  return {
    names,
    [Symbol.dispose]: () => {
      prototype.send = original;
    },
  };
}

function message(value: string): { key: string; value: string; headers: Record<string, string> } {
  return { key: 'key', value, headers: {} };
}

async function createTopic(settings: Record<string, string> = {}, partitions = 1): Promise<string> {
  const topic = `kafka-produce-${randomUUID()}`;
  await using admin = await openAdmin(local());
  await createMissingTopics(admin, [{ name: topic, partitions, replicas: undefined, settings }]);
  await waitUntilOffsetsReady(admin, GROUP, [topic], new AbortController().signal);
  return topic;
}

async function committed(topic: string, partitions = 1): ReturnType<typeof readCommittedOffsets> {
  await using admin = await openAdmin(local());
  return await readCommittedOffsets(admin, GROUP, topic, partitions);
}

/** The last stable offset. */
async function visible(topic: string): Promise<bigint | undefined> {
  await using admin = await openAdmin(local());
  return (await readLogOffsets(admin, topic)).get(0)?.end;
}

/** Values that a `read_committed` consumer reads up to an offset. */
async function valuesOf(topic: string, end: bigint): Promise<string[]> {
  const reading = new RecordingReading();
  await using _ = consume(topic, reading);
  await expect.poll(() => reading.positions.get(0)).toBe(end);
  return reading.values();
}
