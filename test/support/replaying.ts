import { installKafkajsPatches, openAdmin, openKafka } from '@latchkey/kafka';
import { acquireTopic, anchorOf, commitPositions } from '@latchkey/publication';
import { expect, inject } from 'vitest';
import type { TestOutbox } from './outbox.ts';
import { type OutputMessage, openOutputReader } from './output-reader.ts';
import type { ChildService } from './process.ts';
import { type CommandResult, runLatchkey } from './run-latchkey.ts';

const LOG = { debug: silent, info: silent, warn: silent, error: silent };

function silent(): void {
  // Not needed.
}

/** Publishes five messages in each lane of the access topic, and ends the relay. */
export async function publishAndStop(outbox: TestOutbox): Promise<void> {
  const relay = await outbox.start();
  await outbox.append('access', 5);
  await outbox.publishedOnce(['access']);
  await relay.end('SIGTERM');
}

export function run({ env }: TestOutbox, ...args: readonly string[]): Promise<CommandResult> {
  return runLatchkey({ ...env, OPERATOR: 'grace' }, ...args);
}

export function replay(outbox: TestOutbox, ...args: readonly string[]): Promise<CommandResult> {
  return run(outbox, 'relay', 'replay', ...args);
}

export async function refused(relay: ChildService, code: string): Promise<void> {
  const body = (): Promise<string> =>
    fetch(`${relay.address}/readyz`).then(
      (response) => response.text(),
      () => '',
    );
  await expect.poll(body).toContain(code);
}

/** Sets the committed position back, as if brokers had lost the last commits of every partition, or of one. */
export async function moveBack(outbox: TestOutbox, position: bigint, only?: number): Promise<void> {
  const topic = outbox.topics.names.access;
  const rows = await outbox.database.query<{ partition: number; ce_id: string; digest: string }>(
    `select partition, ce_id, encode(sha256(convert_to(' ' || payload, 'UTF8')), 'hex') as digest
     from outbox join outbox_lane using (lane)
     where topic = $1 and position = $2 and partition = coalesce($3, partition)`,
    [topic, position, only],
  );
  await withKafka(async (kafka) => {
    await using producer = await acquireTopic(kafka, topic);
    const lanes = rows.map(({ partition, ce_id: ceId, digest }) => ({
      partition,
      position,
      anchor: anchorOf({ ceId, digest }),
      epoch: 0,
    }));
    const [state] = await outbox.database.query<{ installation: string }>(
      'select installation_id::text as installation from output_state',
    );
    const installation = state?.installation ?? '';
    await commitPositions(producer, { topic, installation }, lanes);
  });
}

/** Deletes all records of a partition, as the topic's retention does. */
export async function deleteRecords(topic: string, partition: number): Promise<void> {
  await withKafka(async ({ admin }) => {
    const ends = await admin.fetchTopicOffsets(topic);
    const end = ends.find((one) => one.partition === partition);
    const partitions = [{ partition, offset: end?.high ?? '' }];
    await admin.deleteTopicRecords({ topic, partitions });
  });
}

export async function recreate(topic: string): Promise<void> {
  await withKafka(async ({ admin }) => {
    await admin.deleteTopics({ topics: [topic] });
    await expect.poll(() => admin.listTopics()).not.toContain(topic);
  });
}

async function withKafka(
  work: (kafka: Parameters<typeof acquireTopic>[0]) => Promise<void>,
): Promise<void> {
  installKafkajsPatches();
  const kafkaSettings = {
    brokers: inject('brokers'),
    clientId: 'test',
    ssl: false,
    sasl: undefined,
  };
  await using admin = await openAdmin(openKafka(kafkaSettings, LOG));
  await work({ kafkaSettings, admin, log: LOG });
}

/** All messages of the access topic from its beginning, once there are `count` of them. */
export async function freshlyRead(
  outbox: TestOutbox,
  count: number,
): Promise<readonly OutputMessage[]> {
  await using reader = await openOutputReader(inject('brokers'), outbox.topics.names);
  const own = (): readonly OutputMessage[] =>
    reader.messages().filter(({ topic }) => topic === 'access');
  await expect.poll(() => own().length).toBe(count);
  return own();
}

export function positionsOf(messages: readonly OutputMessage[], wanted: number): readonly bigint[] {
  return messages.filter(({ partition }) => partition === wanted).map(({ position }) => position);
}

export function audited({ database }: TestOutbox): Promise<readonly object[]> {
  return database.query(
    `select decider, decisions::jsonb -> 0 ->> 'kind' as kind from audit_entry
     where subject_kind = 'output_topic' order by decided_at`,
  );
}
