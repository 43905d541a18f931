import { type Admin, ConfigResourceTypes, Kafka, logLevel } from 'kafkajs';
import { expect, inject, test } from 'vitest';
import { openOutbox, type TestOutbox } from '../support/outbox.ts';
import type { ChildService } from '../support/process.ts';

test('a gap in the outbox refuses its topic, and the other four continue', async () => {
  await using outbox = await openOutbox(inject('brokers'));
  const relay = await outbox.start();
  await outbox.append('access', 5);
  await outbox.publishedOnce(['access']);
  await relay.end('SIGTERM');
  await outbox.append('access', 5);
  await outbox.database.query(
    `delete from outbox using outbox_lane where outbox.lane = outbox_lane.lane
     and topic = $1 and partition = 2 and position = 7`,
    [outbox.topics.names.access],
  );

  const next = await outbox.spawn();

  await refusedWith(outbox, next, 'RELAY_ROW_MISSING', 'partition 2: the outbox has no row at 7');
  const others = ['lifecycle', 'verifications', 'reviews', 'dead-letters'] as const;
  for (const topic of others) await outbox.append(topic, 20);
  await outbox.publishedOnce(others);
});

test('an outbox with another message than Kafka at the published position is refused', async () => {
  await using outbox = await openOutbox(inject('brokers'));
  await publishAndStop(outbox);
  await outbox.database.query(`update outbox set payload = '{"restored":true}' where position = 5`);

  const next = await outbox.spawn();

  await refusedWith(
    outbox,
    next,
    'RELAY_ANCHOR_DIFFERS',
    'partition 0: Kafka holds another message',
  );
});

test('a database that has lost its last messages is refused', async () => {
  await using outbox = await openOutbox(inject('brokers'));
  await publishAndStop(outbox);
  await outbox.database.query('delete from outbox where position > 3');
  await outbox.database.query('update relay_position set published_through = 3');

  const next = await outbox.spawn();

  await refusedWith(outbox, next, 'RELAY_ROW_MISSING', 'published through 5');
});

test('a deleted topic is refused, and so is its replacement', async () => {
  await using outbox = await openOutbox(inject('brokers'));
  await publishAndStop(outbox);
  const topic = outbox.topics.names.access;
  await administer((admin) => admin.deleteTopics({ topics: [topic] }));

  const next = await outbox.spawn();

  await refusedWith(
    outbox,
    next,
    'RELAY_TOPIC_SHORTER',
    '5 messages were published, the log ends at 0',
  );
});

test('a message that the broker refuses for its size parks its lane; the others continue, and the lane resumes once the limit is raised', async () => {
  await using outbox = await openOutbox(inject('brokers'));
  // The topics exist now; no relay publishes while the outbox is prepared.
  const first = await outbox.start();
  await first.end('SIGTERM');
  await limitMessages(outbox, 20_000);
  await outbox.append('access', 40);
  await outbox.database.query(
    `update outbox set payload = json_build_object('filling', repeat('x', 50000)) from outbox_lane
     where outbox.lane = outbox_lane.lane and partition = 1 and position = 20`,
  );
  await outbox.append('lifecycle', 5);
  const relay = await outbox.spawn({});

  await expect.poll(() => whyNotReady(relay)).toContain('MESSAGE_TOO_LARGE: partitions 1 wait');
  await expect.poll(async () => (await outbox.read()).length).toBe(40 + 19 + 40 + 15);
  await relay.end('SIGTERM');
  await limitMessages(outbox, 100_000);

  // Immediately, not after the retry interval of a parked lane of one minute.
  await outbox.start();
  await outbox.publishedOnce(['access', 'lifecycle']);
});

test('another number of partitions than the database recorded ends with exit code 2', async () => {
  await using outbox = await openOutbox(inject('brokers'));
  await publishAndStop(outbox);

  const next = await outbox.spawn({ OUTPUT_PARTITIONS: '5' });

  expect(await next.exited).toEqual({ code: 2, signal: null });
  expect(next.output()).toContain('PARTITION_COUNT_DIFFERS');
});

test('missing topics that must not be created end with exit code 2', async () => {
  await using outbox = await openOutbox(inject('brokers'));

  const relay = await outbox.spawn({ CREATE_TOPICS: 'false' });

  expect(await relay.exited).toEqual({ code: 2, signal: null });
  expect(relay.output()).toContain(outbox.topics.names.access);
});

/** Five messages in each lane of the access topic. */
async function publishAndStop(outbox: TestOutbox): Promise<void> {
  const relay = await outbox.start();
  await outbox.append('access', 5);
  await outbox.publishedOnce(['access']);
  await relay.end('SIGTERM');
}

async function refusedWith(
  outbox: TestOutbox,
  relay: ChildService,
  code: string,
  found: string,
): Promise<void> {
  await expect.poll(() => whyNotReady(relay)).toContain(code);
  expect(await whyNotReady(relay)).toContain(found);
  expect(
    await outbox.database.query(
      'select topic, refused_code from relay_topic where refused_code is not null',
    ),
  ).toEqual([{ topic: outbox.topics.names.access, refused_code: code }]);
}

async function whyNotReady(relay: ChildService): Promise<string> {
  return fetch(`${relay.address}/readyz`).then(
    (response) => response.text(),
    () => '',
  );
}

function limitMessages(outbox: TestOutbox, bytes: number): Promise<unknown> {
  return administer((admin) =>
    admin.alterConfigs({
      validateOnly: false,
      resources: [
        {
          type: ConfigResourceTypes.TOPIC,
          name: outbox.topics.names.access,
          configEntries: [{ name: 'max.message.bytes', value: String(bytes) }],
        },
      ],
    }),
  );
}

async function administer(work: (admin: Admin) => Promise<unknown>): Promise<void> {
  const admin = new Kafka({ brokers: [...inject('brokers')], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    await work(admin);
  } finally {
    await admin.disconnect();
  }
}
