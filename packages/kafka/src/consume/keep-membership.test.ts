import { expect, test } from 'vitest';
import { requirePinned } from '../require-pinned.ts';
import { keepMembership } from './keep-membership.ts';

test('a consumer that starts again joins as the member that it was, until it has left', async () => {
  keepMembership();
  const asked: string[] = [];
  const cluster = clusterOf(asked);

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

  expect(asked).toEqual(['', 'member-1', '']);
});

test('a consumer that was not let in as the member that it was joins as another', async () => {
  keepMembership();
  const asked: string[] = [];
  const cluster = clusterOf(asked);
  const first = groupOn(cluster);
  await first.connect();
  await first.joinAndSync();

  cluster.forgets = true;
  const again = groupOn(cluster);
  await again.connect();
  await again.joinAndSync();

  expect(asked).toEqual(['', 'member-1', '']);
});

test('consumers of one process are not taken for each other', async () => {
  keepMembership();
  const asked: string[] = [];
  const one = groupOn(clusterOf(asked));
  await one.connect();
  await one.joinAndSync();
  const other = groupOn(clusterOf(asked));
  await other.connect();
  await other.joinAndSync();

  expect(asked).toEqual(['', '']);
});

interface Group {
  connect(): Promise<void>;
  joinAndSync(): Promise<void>;
  leave(): Promise<void>;
}

interface Joining {
  readonly memberId: string;
}

/** What kafkajs' group asks of a cluster; notes as whom it asks to join. */
function clusterOf(asked: string[]) {
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
          asked.push(memberId);
          if (cluster.forgets && memberId !== '') return Promise.reject(unknownMember());
          const given = memberId === '' ? `member-${asked.length}` : memberId;
          return Promise.resolve({ generationId: 1, leaderId: 'somebody', memberId: given });
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

/** As kafkajs makes one each time that a consumer starts. */
function groupOn(cluster: object): Group {
  const Group = requirePinned('src/consumer/consumerGroup.js') as new (options: object) => Group;
  const said = () => undefined;
  const logger = { namespace: () => logger, debug: said, info: said, warn: said, error: said };
  const instrumentationEmitter = { emit: said };
  const assigners = [{ protocol: () => ({}) }];
  return new Group({ cluster, logger, instrumentationEmitter, assigners, topics: [], retry: {} });
}
