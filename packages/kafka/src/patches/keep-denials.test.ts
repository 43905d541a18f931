import { expect, test } from 'vitest';
import { isDenial } from '../errors/not-allowed.ts';
import { installKafkajsPatches } from './install.ts';
import { requirePinned } from './require-pinned.ts';

installKafkajsPatches(['keep-denials']);

interface Cluster {
  findGroupCoordinator(asked: object): Promise<unknown>;
}

const LOOKUP = { groupId: 'a group', coordinatorType: 0 };

test('a lookup that every broker denies rejects with the denial', async () => {
  const lookup = clusterAnswering('GROUP_AUTHORIZATION_FAILED').findGroupCoordinator(LOOKUP);

  await expect(lookup).rejects.toSatisfy(isDenial);
});

test('a lookup that fails otherwise rejects with the error of kafkajs', async () => {
  const lookup = clusterAnswering('INVALID_REQUEST').findGroupCoordinator(LOOKUP);

  await expect(lookup).rejects.toThrow('Failed to find group coordinator');
});

test('a denial does not affect the next lookup', async () => {
  await clusterAnswering('GROUP_AUTHORIZATION_FAILED')
    .findGroupCoordinator(LOOKUP)
    .catch(() => undefined);

  const lookup = clusterAnswering('INVALID_REQUEST').findGroupCoordinator(LOOKUP);

  await expect(lookup).rejects.not.toSatisfy(isDenial);
});

/** kafkajs' cluster, pool and brokers, with fake connections that answer every request with an error. */
function clusterAnswering(type: string): Cluster {
  const cluster = requirePinned('src/cluster/index.js') as { readonly prototype: Cluster };
  const pool = requirePinned('src/cluster/brokerPool.js') as { readonly prototype: object };
  const broker = requirePinned('src/broker/index.js') as { readonly prototype: object };
  const denying = Object.assign(Object.create(broker.prototype) as object, {
    lookupRequest: () => () => ({}),
    connectionPool: {
      send: () => Promise.reject(Object.assign(new Error('denied'), { type })),
    },
  });
  return Object.assign(Object.create(cluster.prototype) as Cluster, {
    logger: { debug: () => undefined },
    retrier: (work: (bail: (error: unknown) => void) => Promise<unknown>) =>
      new Promise((resolve, reject) => {
        work(reject).then(resolve, reject);
      }),
    brokerPool: Object.assign(Object.create(pool.prototype) as object, {
      brokers: { 1: denying, 2: denying },
      findBroker: () => Promise.resolve(denying),
    }),
  });
}
