import { AsyncLocalStorage } from 'node:async_hooks';
import { isDenial } from '../errors/not-allowed.ts';
import { requirePinned } from './require-pinned.ts';

interface Cluster {
  findGroupCoordinatorMetadata: (request: object) => Promise<unknown>;
}

interface Broker {
  findGroupCoordinator: (request: object) => Promise<unknown>;
}

/** The last denial during one lookup. */
const lookups = new AsyncLocalStorage<{ denial?: unknown }>();

/**
 * A lookup of the coordinator of a group or a transactional id then rejects with the denial of a broker, if one denied
 * it and none answered.
 */
export function keepDenials(): void {
  const cluster = requirePinned('src/cluster/index.js') as { readonly prototype: Cluster };
  const broker = requirePinned('src/broker/index.js') as { readonly prototype: Broker };
  recordDenials(broker.prototype);
  throwDenials(cluster.prototype);
}

function recordDenials(prototype: Broker): void {
  const find = prototype.findGroupCoordinator;
  prototype.findGroupCoordinator = async function (
    this: Broker,
    request: object,
  ): Promise<unknown> {
    try {
      return await find.call(this, request);
    } catch (error) {
      const lookup = lookups.getStore();
      if (lookup !== undefined && isDenial(error)) lookup.denial = error;
      throw error;
    }
  };
}

function throwDenials(prototype: Cluster): void {
  const find = prototype.findGroupCoordinatorMetadata;
  prototype.findGroupCoordinatorMetadata = function (this: Cluster, request: object) {
    const lookup: { denial?: unknown } = {};
    return lookups.run(lookup, async () => {
      try {
        return await find.call(this, request);
      } catch (error) {
        throw lookup.denial ?? error;
      }
    });
  };
}
