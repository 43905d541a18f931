import { expect, test } from 'vitest';
import { keepDenials } from './keep-denials.ts';
import { isDenial } from './not-allowed.ts';
import { requirePinned } from './require-pinned.ts';

interface Cluster {
  findGroupCoordinator(asked: object): Promise<unknown>;
}

const ASKED = { groupId: 'a group', coordinatorType: 0 };

test('where every broker refuses to name a coordinator, their refusal is told', async () => {
  keepDenials();

  const looked = clusterAnswering('GROUP_AUTHORIZATION_FAILED').findGroupCoordinator(ASKED);

  await expect(looked).rejects.toSatisfy(isDenial);
});

test('any other failure of the brokers stays what kafkajs makes of it', async () => {
  keepDenials();

  const looked = clusterAnswering('INVALID_REQUEST').findGroupCoordinator(ASKED);

  await expect(looked).rejects.toThrow('Failed to find group coordinator');
});

test('a refusal is forgotten once it has been told', async () => {
  keepDenials();
  await clusterAnswering('GROUP_AUTHORIZATION_FAILED')
    .findGroupCoordinator(ASKED)
    .catch(() => undefined);

  const looked = clusterAnswering('INVALID_REQUEST').findGroupCoordinator(ASKED);

  await expect(looked).rejects.not.toSatisfy(isDenial);
});

/** kafkajs' cluster, pool and brokers; only the connections are made up, and answer every request with an error. */
function clusterAnswering(type: string): Cluster {
  const cluster = requirePinned('src/cluster/index.js') as { readonly prototype: Cluster };
  const pool = requirePinned('src/cluster/brokerPool.js') as { readonly prototype: object };
  const broker = requirePinned('src/broker/index.js') as { readonly prototype: object };
  const refusing = Object.assign(Object.create(broker.prototype) as object, {
    lookupRequest: () => () => ({}),
    connectionPool: {
      send: () => Promise.reject(Object.assign(new Error('refused'), { type })),
    },
  });
  return Object.assign(Object.create(cluster.prototype) as Cluster, {
    logger: { debug: () => undefined },
    retrier: (work: (bail: (error: unknown) => void) => Promise<unknown>) =>
      new Promise((resolve, reject) => {
        work(reject).then(resolve, reject);
      }),
    brokerPool: Object.assign(Object.create(pool.prototype) as object, {
      brokers: { 1: refusing, 2: refusing },
      findBroker: () => Promise.resolve(refusing),
    }),
  });
}
