import { readFile } from 'node:fs/promises';
import { migrateDatabase } from '@latchkey/postgres';
import {
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  type Admin,
  Kafka,
  logLevel,
  Partitioners,
  ResourcePatternTypes,
} from 'kafkajs';
import { expect, test } from 'vitest';
import { employee, hrEvent, inDays, structured } from '../support/events.ts';
import { openOutputReader } from '../support/output-reader.ts';
import { type ChildService, spawnService } from '../support/process.ts';
import { produce } from '../support/produce.ts';
import { runLatchkey } from '../support/run-latchkey.ts';
import { hasIpv6 } from '../support/stack/local/kafka-users.ts';
import { openStack } from '../support/stack/open-stack.ts';
import { createTestTopics, type TestTopics } from '../support/topics.ts';

const DOC = new URL('../../docs/operations.md', import.meta.url);
const USERS = { reconciler: 'reconciler-password', relay: 'relay-password', operator: 'secret' };
type User = keyof typeof USERS;

test('services with exactly the rights of the documentation do their work, and name each that they lack', async () => {
  await using stack = await openStack({ local: true, users: USERS });
  await using topics = await createTestTopics(stack.brokers);
  await migrateDatabase({ url: stack.databaseUrl });
  await using rights = await openRights(stack.brokers, topics);
  await using processes = new AsyncDisposableStack();
  const envOf = (user: User) => ({
    ...topics.env,
    DATABASE_URL: onIpv6(stack.databaseUrl),
    KAFKA_BROKERS: stack.brokersForUsers.join(','),
    KAFKA_SASL_MECHANISM: 'plain',
    KAFKA_USERNAME: user,
    KAFKA_PASSWORD: USERS[user],
    OUTPUT_PARTITIONS: '3',
  });
  const start = async (user: 'reconciler' | 'relay'): Promise<ChildService> =>
    processes.use(await spawnService(user, { env: envOf(user) }));
  await rights.grant('reconciler', 'Describe', 'outputs');
  await rights.grant('operator');
  const [reconciler, relay] = await Promise.all([start('reconciler'), start('relay')]);

  // Each right is granted once the service has said that it waits for it.
  await Promise.all([
    grantInTurn(rights, 'reconciler', reconciler, [
      ['waiting for input topics', 'Read', 'inputs'],
      ['needed is DescribeConfigs on topics', 'DescribeConfigs', 'inputs'],
      ['Read on group latchkey-reconciler', 'Read', 'group'],
    ]),
    grantInTurn(rights, 'relay', relay, [
      ['needed is Create on topics', 'Create', 'outputs'],
      ['', 'Write', 'outputs'],
      ['needed is DescribeConfigs on topics', 'DescribeConfigs', 'outputs'],
      ['needed is Read on group latchkey-relay', 'Read', 'group'],
      ['needed is Write on transactional id latchkey-relay.', 'Write', 'transactional id, prefix'],
      ['and on topic', 'Read', 'outputs'],
    ]),
  ]);
  rights.expectAllGranted('reconciler', 'relay');

  await using reader = await openOutputReader(stack.brokers, topics.names);
  await sendTwice(stack.brokers, topics);
  await expect
    .poll(() => reader.messages().filter(({ topic }) => topic === 'access'))
    .toHaveLength(2);
  expect(relay.output()).toContain('topics were not checked');
  const accepting = ['progress', 'accept', topics.names['workforce-events'], '0'];
  const accepted = await runLatchkey(envOf('operator'), ...accepting);
  expect(accepted.stderr).not.toContain('do not allow');
  const replayed = await runLatchkey(
    envOf('operator'),
    ...['relay', 'replay', '--topic', topics.names.lifecycle],
  );
  expect(replayed.stderr).toContain('RELAY_HOLDS_TOPIC');
  await relay.end('SIGTERM');
  const repartitioned = await runLatchkey(
    envOf('operator'),
    ...['relay', 'repartition', '--partitions', '4'],
  );
  expect(repartitioned).toMatchObject({ code: 0 });
});

test.skipIf(!hasIpv6())(
  'the listener for users is one of IPv6, where the machine has it',
  async () => {
    await using stack = await openStack({ local: true, users: USERS });

    expect(stack.brokersForUsers).toEqual([expect.stringMatching(/^\[::1\]:\d+$/)]);
  },
);

/** The services of this file then reach PostgreSQL and Kafka by ::1 alone. */
function onIpv6(databaseUrl: string): string {
  return hasIpv6() ? databaseUrl.replace('@127.0.0.1:', '@[::1]:') : databaseUrl;
}

async function grantInTurn(
  rights: Rights,
  user: User,
  service: ChildService,
  turns: readonly (readonly [says: string, operation: string, resource: string])[],
): Promise<void> {
  for (const [says, operation, resource] of turns) {
    await expect.poll(service.output).toContain(says);
    await rights.grant(user, operation, resource);
  }
  const ready = (): Promise<number> =>
    fetch(`${service.address}/readyz`).then(
      ({ status }) => status,
      () => 0,
    );
  await expect.poll(ready, { message: service.output() }).toBe(200);
}

async function sendTwice(brokers: readonly string[], topics: TestTopics): Promise<void> {
  const kafka = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  const joined = structured(
    hrEvent('joined', 'ada', 1, {
      engagement: 'E-ada',
      startsAt: inDays(-1),
      attributes: employee('Sales'),
    }),
  );
  await produce(producer, topics, [joined, joined]);
  await producer.disconnect();
}

interface Rights extends AsyncDisposable {
  /** Those of the table in the documentation, or the one of them that is named; it must be there. */
  grant(user: User, operation?: string, resource?: string): Promise<void>;
  expectAllGranted(...users: readonly User[]): void;
}

interface Right {
  readonly user: string;
  readonly operation: string;
  readonly resource: string;
  readonly name: string;
  isGranted: boolean;
}

async function openRights(brokers: readonly string[], topics: TestTopics): Promise<Rights> {
  const admin = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const all = rightsIn(await readFile(DOC, 'utf8'));
  return {
    grant: async (user, operation, resource) => {
      const meant = all.filter(
        (right) =>
          right.user === user &&
          (operation === undefined || right.operation === operation) &&
          (resource === undefined || right.resource === resource),
      );
      expect(meant.length, `${user} ${operation ?? ''} ${resource ?? ''}`).toBeGreaterThan(0);
      for (const right of meant) {
        await create(admin, right, topics);
        right.isGranted = true;
      }
    },
    expectAllGranted: (...users) => {
      const missing = all.filter(
        ({ user, isGranted, resource }) =>
          users.includes(user as User) && !isGranted && resource !== 'group, prefix',
      );
      expect(missing).toEqual([]);
    },
    [Symbol.asyncDispose]: () => admin.disconnect(),
  };
}

/** The rows `| user | resource | name | operations | what for |` of the section on rights. */
function rightsIn(doc: string): readonly Right[] {
  const section = doc.split('### Rights of the services')[1]?.split('\n### ')[0] ?? '';
  return [...section.matchAll(/^\| `(\w+)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \|/gm)].flatMap(
    ([, user = '', resource = '', name = '', operations = '']) =>
      operations
        .split(',')
        .map((operation) => operation.trim())
        .map((operation) => ({
          user,
          operation,
          resource: resource.trim(),
          name: name.trim().replaceAll('`', ''),
          isGranted: false,
        })),
  );
}

async function create(admin: Admin, right: Right, topics: TestTopics): Promise<void> {
  const { user, operation, resource, name } = right;
  const names =
    resource === 'inputs'
      ? [topics.names['workforce-events'], topics.names['verification-events']]
      : resource === 'outputs'
        ? (['lifecycle', 'access', 'verifications', 'reviews', 'dead-letters'] as const).map(
            (topic) => topics.names[topic],
          )
        : [name];
  const [kind, pattern] = resource.split(', ');
  const types: Readonly<Record<string, AclResourceTypes>> = {
    inputs: AclResourceTypes.TOPIC,
    outputs: AclResourceTypes.TOPIC,
    group: AclResourceTypes.GROUP,
    'transactional id': AclResourceTypes.TRANSACTIONAL_ID,
  };
  const operations: Readonly<Record<string, AclOperationTypes>> = {
    Read: AclOperationTypes.READ,
    Write: AclOperationTypes.WRITE,
    Create: AclOperationTypes.CREATE,
    Alter: AclOperationTypes.ALTER,
    Describe: AclOperationTypes.DESCRIBE,
    DescribeConfigs: AclOperationTypes.DESCRIBE_CONFIGS,
  };
  await admin.createAcls({
    acl: names.map((resourceName) => ({
      resourceType: types[kind ?? ''] ?? AclResourceTypes.UNKNOWN,
      resourceName,
      resourcePatternType:
        pattern === 'prefix' ? ResourcePatternTypes.PREFIXED : ResourcePatternTypes.LITERAL,
      principal: `User:${user}`,
      host: '*',
      operation: operations[operation] ?? AclOperationTypes.UNKNOWN,
      permissionType: AclPermissionTypes.ALLOW,
    })),
  });
}
