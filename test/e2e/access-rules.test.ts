import { insertProgress, migrateDatabase, openDatabase, stopPartition } from '@latchkey/postgres';
import { Kafka, logLevel, Partitioners } from 'kafkajs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hasIpv6 } from '../../tools/stack/local/kafka-users.ts';
import { openStack } from '../../tools/stack/open-stack.ts';
import type { Stack } from '../../tools/stack/stack.ts';
import { employee, hrEvent, inDays, type SentEvent, structured } from '../support/events.ts';
import { openOutbox, type TestOutbox } from '../support/outbox.ts';
import { type OutputReader, openOutputReader } from '../support/output-reader.ts';
import type { AccessData } from '../support/persons.ts';
import { type ChildService, spawnService } from '../support/process.ts';
import { produce } from '../support/produce.ts';
import { openRights, type Rights } from '../support/rights.ts';
import { runLatchkey } from '../support/run-latchkey.ts';
import { createTestTopics, type TestTopics } from '../support/topics.ts';

const USERS = {
  reconciler: 'reconciler-password',
  relay: 'relay-password',
  operator: 'operator-password',
};
type User = keyof typeof USERS;
/** Characters of a service's output in the message of a failure. */
const OUTPUT_MAX_CHARS = 3_000;
/** On a loaded machine a service needs up to a minute to start. */
const CROWDED = { timeout: 180_000 };
type Turn = readonly [expected: string, resource: string, operation: string];

const FAMILY = hasIpv6() ? 'IPv6 alone' : 'IPv4, as this machine has no ::1';

let stack: Stack;
beforeAll(async () => {
  stack = await openStack({ local: true, users: USERS });
}, CROWDED.timeout);
afterAll(() => stack[Symbol.asyncDispose]());

test(`services report each missing right, and work with exactly the documented rights (over ${FAMILY})`, {
  timeout: 600_000,
}, async () => {
  expect(stack.brokersForUsers.join(',')).toMatch(
    hasIpv6() ? /^\[::1\]:\d+$/ : /^127[.]0[.]0[.]1:\d+$/,
  );
  await using topics = await createTestTopics(stack.brokers);
  await migrateDatabase({ url: stack.databaseUrl });
  await using rights = await openRights(stack.brokers, topics);
  await using processes = new AsyncDisposableStack();
  const envOf = (user: User): Readonly<Record<string, string>> => ({
    ...envAs(user),
    ...topics.env,
    DATABASE_URL: hasIpv6()
      ? stack.databaseUrl.replace('@127.0.0.1:', '@[::1]:')
      : stack.databaseUrl,
    OUTPUT_PARTITIONS: '3',
    READ_THROUGH_MARGIN_SECONDS: '1',
  });
  const start = async (user: 'reconciler' | 'relay'): Promise<ChildService> =>
    processes.use(await spawnService(user, { env: envOf(user) }));

  const [reconciler, relay] = await Promise.all([start('reconciler'), start('relay')]);
  await rights.grant('reconciler', 'outputs');
  // Each right is granted after the service has reported that it waits for it.
  await Promise.all([
    grantInTurn(rights, 'reconciler', reconciler, [
      ['waiting for input topics', 'inputs', 'Read'],
      ['needed is DescribeConfigs on topics', 'inputs', 'DescribeConfigs'],
      ['Read on group latchkey-reconciler', 'group', 'Read'],
    ]),
    grantInTurn(rights, 'relay', relay, [
      ['needed is Create on topics', 'outputs', 'Create'],
      ['needed is Create on topics', 'outputs', 'Write'],
      ['needed is DescribeConfigs on topics', 'outputs', 'DescribeConfigs'],
      ['needed is Read on group latchkey-relay', 'group', 'Read'],
      ['needed is Write on transactional id latchkey-relay.', 'transactional id, prefix', 'Write'],
      ['needed is Read on group latchkey-relay and on topic', 'outputs', 'Read'],
    ]),
  ]);
  await rights.grant('relay');
  expect([...rights.missing('reconciler'), ...rights.missing('relay')]).toEqual([]);

  await using reader = await openOutputReader(stack.brokers, topics.names);
  await oneOfEach(topics, reader);
});

test('commands report each missing right, and repair outputs with exactly the documented rights', {
  timeout: 600_000,
}, async () => {
  await using outbox = await openOutbox(stack.brokers);
  await using rights = await openRights(stack.brokers, outbox.topics);
  await publishAndForget(outbox);
  const input = await stopInput(outbox);
  const env = { ...outbox.env, ...envAs('operator'), OPERATOR: 'grace' };
  const run = (args: readonly string[]) => runLatchkey(env, ...args);
  /** Each right is granted after the command has reported that it is missing. */
  const work = async (args: readonly string[], ...turns: readonly Turn[]): Promise<string> => {
    for (const [expected, resource, operation] of turns) {
      const refused = await run(args);
      expect(refused.stderr, `without ${operation} on ${resource}`).toContain(expected);
      expect(refused.code).not.toBe(0);
      await rights.grant('operator', resource, operation);
    }
    const done = await run(args);
    expect(done).toMatchObject({ code: 0, stderr: '' });
    return done.stdout;
  };

  const rebased = await work(
    ['relay', 'rebase', '--now'],
    ['the topic does not exist', 'outputs', 'Write'],
    ['needed is DescribeConfigs on topics', 'outputs', 'DescribeConfigs'],
    ['needed is Read on group latchkey-relay', 'group', 'Read'],
    ['needed is Write on transactional id latchkey-relay.', 'transactional id, prefix', 'Write'],
    ['needed is Read on group latchkey-operator.', 'group, prefix', 'Read'],
    ['needed is Read on group latchkey-operator.', 'outputs', 'Read'],
  );
  expect(rebased).toContain('; 1 topics mended');
  const { lifecycle } = outbox.topics.names;
  const replayed = await work(['relay', 'replay', '--topic', lifecycle, '--from', 'earliest']);
  expect(replayed).toContain('goes on at 1');
  const moved = await work(
    ['relay', 'repartition', '--partitions', '5'],
    ['needed is Alter on topic', 'outputs', 'Alter'],
  );
  expect(moved).toContain('topics have 5 partitions');
  const all = ['relay', 'rebase', '--all'];
  expect((await run(all)).stderr).toContain(
    `${input}: there is no such topic, or we may not see it`,
  );
  const accept = ['progress', 'accept', input, '0', '--give-up', '1'];
  expect((await run(accept)).stderr).toContain(`and on topics ${input}`);
  await rights.grant('operator', 'inputs', 'Read');
  expect((await run(all)).stderr).toContain(`${input}/0: taken to 0 of 1; it has stopped`);
  const [, findingId = ''] = /--finding ([0-9a-f]+)/.exec((await run(accept)).stdout) ?? [];
  expect(await work([...accept, '--finding', findingId])).toContain('was stopped: APPLY_FAILING');
  expect(rights.missing('operator')).toEqual([]);
});

const FORGET = `
  delete from outbox using outbox_lane
  where outbox.lane = outbox_lane.lane and topic = $1 and position > 3`;

/** A relay publishes two topics; then the database loses messages of one of them, as after a restore. */
async function publishAndForget(outbox: TestOutbox): Promise<void> {
  const relay = await outbox.start();
  await outbox.append('access', 5);
  await outbox.append('lifecycle', 5);
  await outbox.publishedOnce(['access', 'lifecycle']);
  await relay.end('SIGTERM');
  await outbox.database.query(FORGET, [outbox.topics.names.access]);
  await outbox.database.query(
    `update relay_position set published_through = 3 from outbox_lane
     where outbox_lane.lane = relay_position.lane and topic = $1`,
    [outbox.topics.names.access],
  );
}

/** Stops an input partition at an event that cannot be applied. Resolves with the topic. */
async function stopInput({ database, topics }: TestOutbox): Promise<string> {
  const topic = topics.names['workforce-events'];
  const attributes = employee('Sales');
  await send(topics, hrEvent('joined', 'ada', 1, { startsAt: inDays(-3), attributes }));
  await using db = openDatabase({
    url: database.url,
    role: 'latchkey_reconciler',
    poolSize: 1,
    applicationName: 'test-access-rules',
    onConnectionLost: () => undefined,
  });
  await db.run(insertProgress, { topic, partition: 0, nextOffset: 0n });
  await db.run(stopPartition, {
    topic,
    partition: 0,
    code: 'APPLY_FAILING',
    detail: 'tried',
    offset: 0n,
  });
  return topic;
}

/** Settings with which a process connects as this user. */
function envAs(user: User): Readonly<Record<string, string>> {
  return {
    KAFKA_BROKERS: stack.brokersForUsers.join(','),
    KAFKA_SASL_MECHANISM: 'plain',
    KAFKA_USERNAME: user,
    KAFKA_PASSWORD: USERS[user],
  };
}

async function send(topics: TestTopics, ...events: readonly SentEvent[]): Promise<void> {
  const kafka = new Kafka({ brokers: [...stack.brokers], logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  try {
    await produce(producer, topics, events.map(structured));
  } finally {
    await producer.disconnect();
  }
}

async function grantInTurn(
  rights: Rights,
  user: User,
  service: ChildService,
  turns: readonly Turn[],
): Promise<void> {
  for (const [expected, resource, operation] of turns) {
    const lastReport = (): string => {
      const output = service.output();
      return output.includes(expected) ? expected : output.slice(-OUTPUT_MAX_CHARS);
    };
    await expect.poll(lastReport, { ...CROWDED, message: `report of ${user}` }).toBe(expected);
    expect(await isReady(service), `${user} is ready without ${operation} on ${resource}`).toBe(
      false,
    );
    await rights.grant(user, resource, operation);
  }
  await expect.poll(() => isReady(service), { ...CROWDED, message: `${user} is ready` }).toBe(true);
}

function isReady({ address }: ChildService): Promise<boolean> {
  return fetch(`${address}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  );
}

/** Joins, moves and leaves; waits for the effects of each. */
async function oneOfEach(topics: TestTopics, reader: OutputReader): Promise<void> {
  const attributes = employee('Engineering');
  await send(topics, hrEvent('joined', 'ada', 1, { startsAt: inDays(-3), attributes }));
  await expect.poll(() => states(reader)).toEqual({ directory: 'enabled', mail: 'enabled' });
  const finance = { department: 'Finance' };
  await send(topics, hrEvent('moved', 'ada', 2, { effectiveAt: inDays(-1), attributes: finance }));
  await expect
    .poll(() => states(reader))
    .toEqual({ directory: 'enabled', mail: 'enabled', finance: 'enabled' });
  await send(topics, hrEvent('left', 'ada', 3, { endsAt: inDays(-1 / 24) }));
  await expect
    .poll(() => states(reader))
    .toEqual({ directory: 'disabled', mail: 'disabled', finance: 'disabled' });
}

/** State of the account in each target. */
function states(reader: OutputReader): Readonly<Record<string, string>> {
  const access = reader
    .messages()
    .filter(({ topic }) => topic === 'access')
    .map(({ data }) => data as unknown as AccessData);
  return Object.fromEntries(access.map(({ target, account }) => [target, account.state]));
}
