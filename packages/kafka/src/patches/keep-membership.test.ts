import { expect, test } from 'vitest';
import { installKafkajsPatches } from './install.ts';
import { requirePinned } from './require-pinned.ts';

installKafkajsPatches(['keep-membership']);

test('a consumer that restarts joins with its member id, until it has left', async () => {
  const joined: string[] = [];
  const cluster = clusterOf(joined);

  const first = groupOn(cluster);
  await first.connect();
  await first.joinAndSync();
  const again = groupOn(cluster);
  await again.connect();
  await again.joinAndSync();
  await again.leave();
  const later = groupOn(cluster);
  await later.connect();
  await later.joinAndSync();

  expect(joined).toEqual(['', 'member-1', '']);
});

test('a consumer whose member id is unknown joins as a new member', async () => {
  const joined: string[] = [];
  const cluster = clusterOf(joined);
  const first = groupOn(cluster);
  await first.connect();
  await first.joinAndSync();

  cluster.forgets = true;
  const again = groupOn(cluster);
  await again.connect();
  await again.joinAndSync();

  expect(joined).toEqual(['', 'member-1', '']);
});

test('consumers of one process have separate member ids', async () => {
  const joined: string[] = [];
  const one = groupOn(clusterOf(joined));
  await one.connect();
  await one.joinAndSync();
  const other = groupOn(clusterOf(joined));
  await other.connect();
  await other.joinAndSync();

  expect(joined).toEqual(['', '']);
});

interface Group {
  connect(): Promise<void>;
  joinAndSync(): Promise<void>;
  leave(): Promise<void>;
}

interface Joining {
  readonly memberId: string;
}

/** The members of a cluster that kafkajs' group uses. Records the member ids that join. */
function clusterOf(joined: string[]) {
  const cluster = {
    forgets: false,
    connect: () => Promise.resolve(),
    refreshMetadataIfNecessary: () => Promise.resolve(),
    refreshMetadata: () => Promise.resolve(),
    findTopicPartitionMetadata: () => [],
    committedOffsets: () => ({}),
    findGroupCoordinator: () =>
      Promise.resolve({
        joinGroup: ({ memberId }: Joining) => {
          joined.push(memberId);
          if (cluster.forgets && memberId !== '') return Promise.reject(unknownMember());
          const given = memberId === '' ? `member-${joined.length}` : memberId;
          return Promise.resolve({ generationId: 1, leaderId: 'leader', memberId: given });
        },
        syncGroup: () => Promise.resolve({ memberAssignment: Buffer.alloc(0) }),
        leaveGroup: () => Promise.resolve(),
      }),
  };
  return cluster;
}

function unknownMember(): Error {
  return Object.assign(new Error('unknown member'), { type: 'UNKNOWN_MEMBER_ID' });
}

/** kafkajs creates a group each time that a consumer starts. */
function groupOn(cluster: object): Group {
  const Group = requirePinned('src/consumer/consumerGroup.js') as new (options: object) => Group;
  const ignore = () => undefined;
  const logger = {
    namespace: () => logger,
    debug: ignore,
    info: ignore,
    warn: ignore,
    error: ignore,
  };
  const instrumentationEmitter = { emit: ignore };
  const assigners = [{ protocol: () => ({}) }];
  return new Group({ cluster, logger, instrumentationEmitter, assigners, topics: [], retry: {} });
}
