import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { openAdmin, runBatchConsumer } from '@latchkey/kafka';
import { CompressionTypes } from 'kafkajs';
import { expect, test } from 'vitest';
import { consume, local, log, optionsOf, produce, setUp } from '../support/kafka-clients.ts';
import { RecordingReading } from '../support/recording-reading.ts';

test('a stopped partition does not delay others, and continues once it is located', async () => {
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

test('a slow batch delays neither other partitions nor heartbeats', async () => {
  const { topic, kafka } = await setUp(2);
  const reading = new RecordingReading();
  const stuck = Promise.withResolvers<'processed'>();
  reading.before = ({ partition }) =>
    partition === 0 ? stuck.promise : Promise.resolve('processed' as const);
  await using _ = consume(topic, reading, { sessionTimeoutMs: 6_000 });
  await produce(kafka, topic, ['stuck'], { partition: 0 });
  const startedMs = performance.now();
  let sent = 0;
  // Longer than the session timeout: a member without heartbeats loses its partitions.
  while (performance.now() - startedMs < 8_000) {
    sent += 1;
    await produce(kafka, topic, [`b${sent}`], { partition: 1 });
    await expect.poll(() => reading.values()).toHaveLength(sent);
  }
  expect(reading.located).toHaveLength(2);
  stuck.resolve('processed');
  await expect.poll(() => reading.values().at(-1)).toBe('stuck');
  await produce(kafka, topic, ['moving again'], { partition: 0 });
  await expect.poll(() => reading.values().at(-1)).toBe('moving again');
});

test('while a batch waits for its turn, nothing more is fetched and the membership is kept; then it may be slow', async () => {
  const { topic, kafka } = await setUp(2);
  const reading = new RecordingReading();
  const turn = Promise.withResolvers<undefined>();
  const stuck = Promise.withResolvers<undefined>();
  let waiting = 0;
  reading.before = async ({ partition }, lease) => {
    if (partition === 1) return 'processed';
    waiting += 1;
    await lease.waitForTurn(turn.promise);
    await stuck.promise;
    return 'processed';
  };
  await using _ = consume(topic, reading, { sessionTimeoutMs: 6_000 });
  await produce(kafka, topic, ['first'], { partition: 0 });
  await expect.poll(() => waiting).toBe(1);
  const startedMs = performance.now();
  let sent = 0;
  // Longer than the session timeout: a member without heartbeats loses its partitions.
  while (performance.now() - startedMs < 8_000) {
    await produce(kafka, topic, [`after it ${sent}`], { partition: 1 });
    sent += 1;
  }
  expect(reading.values()).toEqual([]);
  expect(reading.located).toHaveLength(2);
  turn.resolve(undefined);
  await expect.poll(() => reading.values()).toHaveLength(sent);
  stuck.resolve(undefined);
  await expect.poll(() => reading.values().at(-1)).toBe('first');
  expect(reading.located).toHaveLength(2);
});

test('a batch in parts is slow only if its last part is', async () => {
  const { topic, kafka } = await setUp(2);
  const reading = new RecordingReading();
  const part = Promise.withResolvers<undefined>();
  reading.before = async ({ partition }, lease) => {
    if (partition === 1) return 'processed';
    part.resolve(undefined);
    // Each part is shorter than a slow batch, and both together are longer.
    for (let count = 0; count < 2; count += 1) {
      await lease.waitForTurn(Promise.resolve());
      await setTimeout(700);
    }
    return 'processed';
  };
  await using _ = consume(topic, reading);
  await produce(kafka, topic, ['in parts'], { partition: 0 });
  await part.promise;
  await produce(kafka, topic, ['after it'], { partition: 1 });
  await expect.poll(() => reading.values()).toEqual(['in parts', 'after it']);
});

test('a rebalance during a batch causes no loss and no repetition', async () => {
  const { topic, kafka } = await setUp(2);
  const groupId = randomUUID();
  const positions = new Map<number, bigint>();
  const first = new RecordingReading(positions);
  const second = new RecordingReading(positions);
  let gaveUp = 0;
  first.before = async (_, lease) => {
    if (gaveUp > 0) return 'processed';
    await expect.poll(() => lease.renew()).toBe(false);
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
  const slow = Promise.withResolvers<'processed'>();
  reading.before = () => slow.promise;
  await using _ = consume(topic, reading);
  await expect.poll(() => reading.located).toHaveLength(1);
  await produce(kafka, topic, ['3', '4', '5'], {});
  await using admin = await openAdmin(kafka);
  await admin.fetchTopicOffsets(topic); // makes kafkajs load the leaders
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '5' }] });
  slow.resolve('processed');
  // The running batch is processed; the next fetch is out of range, and kafkajs resets the offset by itself.
  await expect.poll(() => reading.located.at(-1)).toMatchObject({ logStart: 5n, logEnd: 6n });
  expect(reading.values()).not.toContain('5');
  reading.positions.set(0, 5n);
  await expect.poll(() => reading.values().at(-1)).toBe('5');
});

test('an unreadable record batch stops only its partition, until the position is after it', async () => {
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
  expect(reading.unreadables[0]).toMatchObject({ partition: 0, firstOffset: 1n, lastOffset: 1n });
  expect(reading.positions.get(0)).toBe(1n);
  reading.positions.set(0, 2n);
  await expect.poll(() => reading.values()).toEqual(['before', 'other', 'after']);
});

test('stopping finishes the running batch and leaves the group', async () => {
  const { topic, kafka } = await setUp();
  await produce(kafka, topic, ['running'], {});
  const groupId = randomUUID();
  const reading = new RecordingReading();
  const slow = Promise.withResolvers<'processed'>();
  const begun = Promise.withResolvers<undefined>();
  reading.before = () => {
    begun.resolve(undefined);
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
  await begun.promise;
  stop.abort();
  slow.resolve('processed');
  await running;
  expect(reading.values()).toEqual(['running']);
  await using admin = await openAdmin(kafka);
  const { groups } = await admin.describeGroups([groupId]);
  expect(groups[0]?.members).toEqual([]);
});

test('a reader that rejects ends the consumer', async () => {
  const { topic, kafka } = await setUp();
  await produce(kafka, topic, ['any'], {});
  const reading = new RecordingReading();
  reading.before = () => Promise.reject(new Error('cannot continue'));
  const { signal } = new AbortController();
  const running = runBatchConsumer(local(), reading, optionsOf(topic, {}), log, signal);
  await expect(running).rejects.toThrow('cannot continue');
});
