/** Consumes output topics with minimal work, and reports what it has read. */
import { randomUUID } from 'node:crypto';
import { silenceTimerWarnings } from '@latchkey/kafka';
import { type EachBatchPayload, Kafka, type KafkaMessage, logLevel } from 'kafkajs';
import { nowMs } from './clock.ts';
import type { ReaderMessage, ReaderOptions, Sample } from './reader.ts';

interface Lane {
  lastOffset: number;
  position: number;
  count: number;
  digest: number;
}

const FAULTS_MAX_COUNT = 10;
const TELL_EVERY_MS = 20;
const DIGEST_MODULUS = 4_294_967_291;
const CAUSES = /"causes":\[([^\]]*)\]/;

const options = JSON.parse(process.argv[2] ?? '') as ReaderOptions;
const lanes = new Map<string, Lane>();
const ids = new Set<string>();
const faults: string[] = [];
const samples: Sample[] = [];
let [read, lastMs, toldMs] = [0, 0, 0];

function report(message: ReaderMessage): void {
  process.send?.(message);
}

function fault(text: string): void {
  if (faults.length < FAULTS_MAX_COUNT) faults.push(text);
}

function textOf(message: KafkaMessage, header: string): string {
  return String(message.headers?.[header] ?? '');
}

function note(name: string, lane: Lane, message: KafkaMessage): void {
  const offset = Number(message.offset);
  // After a rebalance kafkajs delivers messages again: skip offsets that were read.
  if (offset <= lane.lastOffset) return;
  lane.lastOffset = offset;
  lane.count += 1;
  read += 1;
  const id = textOf(message, 'ce_id');
  if (options.isNumbered) {
    const position = Number(textOf(message, 'lk_position'));
    if (position !== lane.position + 1) fault(`${name}: ${lane.position}, then ${position}`);
    lane.position = position;
    const part = Number.parseInt(id.slice(0, 8), 16) * (1 + (position % 1_000));
    lane.digest = (lane.digest + part) % DIGEST_MODULUS;
  } else {
    if (ids.has(id)) fault(`${name}: ${id} twice`);
    ids.add(id);
  }
}

function sample(message: KafkaMessage, seenMs: number): void {
  const type = textOf(message, 'ce_type');
  if (type === 'latchkey.verification.settled.v1') {
    samples.push([String(message.key), seenMs]);
    return;
  }
  const [, causes = ''] = CAUSES.exec(String(message.value)) ?? [];
  for (const cause of causes.split(',')) {
    if (cause !== '') samples.push([cause.slice(cause.indexOf('#') + 1, -1), seenMs]);
  }
}

function reportRead(): void {
  report({ kind: 'read', read, lastMs });
  toldMs = lastMs;
}

function eachBatch({ batch }: EachBatchPayload): Promise<void> {
  const name = `${batch.topic}/${batch.partition}`;
  const lane = lanes.get(name) ?? { lastOffset: -1, position: 0, count: 0, digest: 0 };
  lanes.set(name, lane);
  lastMs = nowMs();
  for (const message of batch.messages) {
    note(name, lane, message);
    if (options.withSamples === true) sample(message, lastMs);
  }
  if (lastMs - toldMs > TELL_EVERY_MS) reportRead();
  return Promise.resolve();
}

silenceTimerWarnings();
const kafka = new Kafka({ brokers: [...options.brokers], logLevel: logLevel.WARN });
const consumer = kafka.consumer({
  groupId: `reader-${randomUUID()}`,
  readUncommitted: false,
  maxWaitTimeInMs: 100,
});
consumer.on(consumer.events.GROUP_JOIN, () => {
  report({ kind: 'ready' });
});
// Reports the last messages, after which no batch follows.
setInterval(() => {
  if (toldMs < lastMs) reportRead();
}, TELL_EVERY_MS);
process.on('message', () => {
  const reports = [...lanes].map(([lane, { count, digest }]) => ({ lane, count, digest }));
  report({ kind: 'report', report: { lanes: reports, faults, samples } });
});
process.on('disconnect', () => process.exit());
await consumer.connect();
await consumer.subscribe({ topics: [...options.topics], fromBeginning: true });
await consumer.run({ autoCommit: false, eachBatch });
