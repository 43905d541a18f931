import { AsyncLocalStorage } from 'node:async_hooks';
import { isDenial } from './not-allowed.ts';
import { requirePinned } from './require-pinned.ts';

interface Cluster {
  findGroupCoordinatorMetadata: (asked: object) => Promise<unknown>;
}

interface Broker {
  findGroupCoordinator: (asked: object) => Promise<unknown>;
}

const looks = new AsyncLocalStorage<{ denial?: unknown }>();

let isReplaced = false;

/**
 * From now on a look for the coordinator of a group or of a transactional id that every broker refuses because of its
 * access rules rejects with that refusal. kafkajs drops what brokers answer, and says only that none was found, so that
 * the lacking right cannot be told from a cluster that has just started. May be called again.
 *
 * @throws Error when another version of kafkajs is installed
 */
export function keepDenials(): void {
  if (isReplaced) return;
  isReplaced = true;
  const cluster = requirePinned('src/cluster/index.js') as { readonly prototype: Cluster };
  const broker = requirePinned('src/broker/index.js') as { readonly prototype: Broker };
  noteDenials(broker.prototype);
  throwDenials(cluster.prototype);
}

function noteDenials(prototype: Broker): void {
  const find = prototype.findGroupCoordinator;
  prototype.findGroupCoordinator = async function (this: Broker, asked: object): Promise<unknown> {
    try {
      return await find.call(this, asked);
    } catch (error) {
      const look = looks.getStore();
      if (look !== undefined && isDenial(error)) look.denial = error;
      throw error;
    }
  };
}

function throwDenials(prototype: Cluster): void {
  const find = prototype.findGroupCoordinatorMetadata;
  prototype.findGroupCoordinatorMetadata = function (this: Cluster, asked: object) {
    const look: { denial?: unknown } = {};
    return looks.run(look, async () => {
      try {
        return await find.call(this, asked);
      } catch (error) {
        throw look.denial ?? error;
      }
    });
  };
}
