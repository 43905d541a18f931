import { readFile } from 'node:fs/promises';
import {
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  type Admin,
  Kafka,
  logLevel,
  ResourcePatternTypes,
} from 'kafkajs';
import type { TestTopics } from './topics.ts';

const DOC = new URL('../../docs/operations.md', import.meta.url);

/** One operation of a row of the table of rights in docs/operations.md. */
export interface Right {
  readonly user: string;
  /** `inputs`, `outputs`, `group`, `transactional id`; with `, prefix` where the name is a prefix. */
  readonly resource: string;
  readonly name: string;
  /** As in `Read`. */
  readonly operation: string;
}

/** The table of rights, and the brokers that enforce it. */
export interface Rights extends AsyncDisposable {
  /**
   * Grants the rights that the table lists for a user: all, or those for a resource and an operation.
   *
   * @throws Error if the table lists no such right
   */
  grant(user: string, resource?: string, operation?: string): Promise<void>;
  /** Rights that the table lists for a user and that were not granted yet. */
  missing(user: string): readonly Right[];
}

/** @param brokers - of the listener without access rules */
export async function openRights(brokers: readonly string[], topics: TestTopics): Promise<Rights> {
  const all = rightsIn(await readFile(DOC, 'utf8'));
  const granted = new Set<Right>();
  const admin = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  return {
    grant: async (user, resource, operation) => {
      const meant = all.filter(
        (right) =>
          right.user === user &&
          (resource === undefined || right.resource === resource) &&
          (operation === undefined || right.operation === operation),
      );
      if (meant.length === 0) throw new Error(`no right: ${user} ${resource} ${operation}`);
      await create(admin, meant, topics);
      for (const right of meant) granted.add(right);
    },
    missing: (user) => all.filter((right) => right.user === user && !granted.has(right)),
    [Symbol.asyncDispose]: () => admin.disconnect(),
  };
}

/** The rows `| user | resource | name | operations | what for |` of the section on rights. */
function rightsIn(doc: string): readonly Right[] {
  const section = doc.split('### Rights of the services')[1]?.split('\n### ')[0] ?? '';
  const rows = section.matchAll(/^\| `(\w+)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \|/gm);
  return [...rows].flatMap(([, user = '', resource = '', name = '', operations = '']) =>
    operations.split(',').map((operation) => ({
      user,
      resource: resource.trim(),
      name: name.trim().replaceAll('`', ''),
      operation: operation.trim(),
    })),
  );
}

const TYPES: Readonly<Record<string, AclResourceTypes>> = {
  inputs: AclResourceTypes.TOPIC,
  outputs: AclResourceTypes.TOPIC,
  group: AclResourceTypes.GROUP,
  'transactional id': AclResourceTypes.TRANSACTIONAL_ID,
};

const OPERATIONS: Readonly<Record<string, AclOperationTypes>> = {
  Read: AclOperationTypes.READ,
  Write: AclOperationTypes.WRITE,
  Create: AclOperationTypes.CREATE,
  Alter: AclOperationTypes.ALTER,
  Describe: AclOperationTypes.DESCRIBE,
  DescribeConfigs: AclOperationTypes.DESCRIBE_CONFIGS,
};

async function create(admin: Admin, rights: readonly Right[], topics: TestTopics): Promise<void> {
  const acl = rights.flatMap((right) => {
    const [kind = '', pattern] = right.resource.split(', ');
    return namesOf(right, topics).map((resourceName) => ({
      resourceType: known(TYPES, kind),
      resourceName,
      resourcePatternType:
        pattern === 'prefix' ? ResourcePatternTypes.PREFIXED : ResourcePatternTypes.LITERAL,
      principal: `User:${right.user}`,
      host: '*',
      operation: known(OPERATIONS, right.operation),
      permissionType: AclPermissionTypes.ALLOW,
    }));
  });
  await admin.createAcls({ acl });
}

function namesOf({ resource, name }: Right, { names }: TestTopics): readonly string[] {
  const inputs = [names['workforce-events'], names['verification-events']];
  if (resource === 'inputs') return inputs;
  if (resource !== 'outputs') return [name];
  return Object.values(names).filter((topic) => !inputs.includes(topic));
}

function known<T>(from: Readonly<Record<string, T>>, word: string): T {
  const value = from[word];
  if (value === undefined) throw new Error(`the table of rights has an unknown word: ${word}`);
  return value;
}
