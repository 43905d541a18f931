import { migrateDatabase } from '@latchkey/postgres';
import { Kafka, logLevel, Partitioners } from 'kafkajs';
import { expect, test } from 'vitest';
import { employee, hrEvent, inDays, type SentEvent, structured } from '../support/events.ts';
import { type OutputReader, openOutputReader } from '../support/output-reader.ts';
import type { AccessData } from '../support/people.ts';
import { type ChildService, spawnService } from '../support/process.ts';
import { produce } from '../support/produce.ts';
import { openRights, type Rights } from '../support/rights.ts';
import { hasIpv6 } from '../support/stack/local/kafka-users.ts';
import { openStack } from '../support/stack/open-stack.ts';
import type { Stack } from '../support/stack/stack.ts';
import { createTestTopics, type TestTopics } from '../support/topics.ts';

const USERS = { reconciler: 'reconciler-password', relay: 'relay-password' };
type User = keyof typeof USERS;
/** Of what a service has written, where it does not say what it should. */
const OUTPUT_MAX_CHARS = 3_000;
/** On a machine that is crowded it takes a minute to load the sources of a service. */
const CROWDED = { timeout: 180_000 };
type Turn = readonly [says: string, resource: string, operation: string];

const FAMILY = hasIpv6() ? 'IPv6 alone' : 'IPv4, as this machine has no ::1';

test(`services with exactly the rights of the documentation name each that they lack, and work (over ${FAMILY})`, {
  timeout: 600_000,
}, async () => {
  await using stack = await openStack({ local: true, users: USERS });
  expect(stack.brokersForUsers.join(',')).toMatch(
    hasIpv6() ? /^\[::1\]:\d+$/ : /^127[.]0[.]0[.]1:\d+$/,
  );
  await using topics = await createTestTopics(stack.brokers);
  await migrateDatabase({ url: stack.databaseUrl });
  await using rights = await openRights(stack.brokers, topics);
  await using processes = new AsyncDisposableStack();
  const envOf = (user: User): Readonly<Record<string, string>> => envAs(user, stack, topics);
  const start = async (user: 'reconciler' | 'relay'): Promise<ChildService> =>
    processes.use(await spawnService(user, { env: envOf(user) }));

  const [reconciler, relay] = await Promise.all([start('reconciler'), start('relay')]);
  await rights.grant('reconciler', 'outputs');
  // Each right is granted once the service has said that it waits for it.
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
  await oneOfEach(stack, topics, reader);
});

/** On ::1 alone where this machine has it: PostgreSQL here, the brokers by their listener for users. */
function envAs(user: User, stack: Stack, topics: TestTopics): Readonly<Record<string, string>> {
  return {
    ...topics.env,
    DATABASE_URL: hasIpv6()
      ? stack.databaseUrl.replace('@127.0.0.1:', '@[::1]:')
      : stack.databaseUrl,
    KAFKA_BROKERS: stack.brokersForUsers.join(','),
    KAFKA_SASL_MECHANISM: 'plain',
    KAFKA_USERNAME: user,
    KAFKA_PASSWORD: USERS[user],
    OUTPUT_PARTITIONS: '3',
    READ_THROUGH_MARGIN_SECONDS: '1',
  };
}

async function grantInTurn(
  rights: Rights,
  user: User,
  service: ChildService,
  turns: readonly Turn[],
): Promise<void> {
  for (const [says, resource, operation] of turns) {
    const said = (): string => {
      const output = service.output();
      return output.includes(says) ? says : output.slice(-OUTPUT_MAX_CHARS);
    };
    await expect.poll(said, { ...CROWDED, message: `what ${user} says` }).toBe(says);
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

/** Joins, moves and leaves; each after the effects of the one before. */
async function oneOfEach(stack: Stack, topics: TestTopics, reader: OutputReader): Promise<void> {
  const kafka = new Kafka({ brokers: [...stack.brokers], logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  const send = (event: SentEvent) => produce(producer, topics, [structured(event)]);
  try {
    const attributes = employee('Engineering');
    await send(hrEvent('joined', 'ada', 1, { startsAt: inDays(-3), attributes }));
    await expect.poll(() => states(reader)).toEqual({ directory: 'enabled', mail: 'enabled' });
    const finance = { department: 'Finance' };
    await send(hrEvent('moved', 'ada', 2, { effectiveAt: inDays(-1), attributes: finance }));
    await expect
      .poll(() => states(reader))
      .toEqual({ directory: 'enabled', mail: 'enabled', finance: 'enabled' });
    await send(hrEvent('left', 'ada', 3, { endsAt: inDays(-1 / 24) }));
    await expect
      .poll(() => states(reader))
      .toEqual({ directory: 'disabled', mail: 'disabled', finance: 'disabled' });
  } finally {
    await producer.disconnect();
  }
}

/** Of the account in each target. */
function states(reader: OutputReader): Readonly<Record<string, string>> {
  const access = reader
    .messages()
    .filter(({ topic }) => topic === 'access')
    .map(({ data }) => data as unknown as AccessData);
  return Object.fromEntries(access.map(({ target, account }) => [target, account.state]));
}
