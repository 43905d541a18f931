import { expect, test } from 'vitest';
import { installKafkajsPatches } from './install.ts';
import { requirePinned } from './require-pinned.ts';

installKafkajsPatches(['keep-coordinators']);

interface Cluster {
  findGroupCoordinator(lookups: object): Promise<{ readonly nodeId: number }>;
}

const LOOKUP = { groupId: 'a transactional id', coordinatorType: 1 };

test('a coordinator is remembered until its broker is gone', async () => {
  const brokers = new Set([1, 2]);
  const coordinators = [2, 1];
  let lookups = 0;
  const cluster = clusterOf(brokers, () => coordinators[lookups++] ?? 0);

  expect(await cluster.findGroupCoordinator(LOOKUP)).toEqual({ nodeId: 2 });
  expect(await cluster.findGroupCoordinator(LOOKUP)).toEqual({ nodeId: 2 });
  expect(lookups).toBe(1);
  brokers.delete(2);
  expect(await cluster.findGroupCoordinator(LOOKUP)).toEqual({ nodeId: 1 });
  expect(await cluster.findGroupCoordinator(LOOKUP)).toEqual({ nodeId: 1 });
  expect(lookups).toBe(2);
});

/** kafkajs' cluster with fake brokers. */
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
