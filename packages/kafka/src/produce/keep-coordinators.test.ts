import { expect, test } from 'vitest';
import { requirePinned } from '../require-pinned.ts';
import { keepCoordinators } from './keep-coordinators.ts';

interface Cluster {
  findGroupCoordinator(asked: object): Promise<{ readonly nodeId: number }>;
}

const ASKED = { groupId: 'a transactional id', coordinatorType: 1 };

test('a coordinator is remembered, and asked for again when its broker is no longer there', async () => {
  keepCoordinators();
  const brokers = new Set([1, 2]);
  const coordinators = [2, 1];
  let asked = 0;
  const cluster = clusterOf(brokers, () => coordinators[asked++] ?? 0);

  expect(await cluster.findGroupCoordinator(ASKED)).toEqual({ nodeId: 2 });
  expect(await cluster.findGroupCoordinator(ASKED)).toEqual({ nodeId: 2 });
  expect(asked).toBe(1);
  brokers.delete(2);
  expect(await cluster.findGroupCoordinator(ASKED)).toEqual({ nodeId: 1 });
  expect(await cluster.findGroupCoordinator(ASKED)).toEqual({ nodeId: 1 });
  expect(asked).toBe(2);
});

/** kafkajs' cluster, of which only the brokers are made up. */
function clusterOf(brokers: ReadonlySet<number>, coordinator: () => number): Cluster {
  const { prototype } = requirePinned('src/cluster/index.js') as { readonly prototype: Cluster };
  const fields = {
    retrier: (work: (bail: (error: unknown) => void) => unknown) =>
      work((error: unknown) => {
        throw error;
      }),
    findGroupCoordinatorMetadata: () => Promise.resolve({ coordinator: { nodeId: coordinator() } }),
    findBroker: ({ nodeId }: { readonly nodeId: number }) =>
      brokers.has(nodeId)
        ? Promise.resolve({ nodeId })
        : Promise.reject(new Error(`Broker ${nodeId} not found in the cached metadata`)),
  };
  return Object.assign(Object.create(prototype) as Cluster, fields);
}
