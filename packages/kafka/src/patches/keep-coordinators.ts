import { requirePinned } from './require-pinned.ts';

interface Lookup {
  readonly groupId: string;
  readonly coordinatorType?: number;
}

interface Cluster {
  findGroupCoordinator: (lookup: Lookup) => Promise<Broker>;
  findBroker(of: { readonly nodeId: number }): Promise<Broker>;
}

type Call = (request: object) => Promise<unknown>;
type Broker = Record<(typeof CALLS)[number], Call> & { readonly nodeId: number };

/** Requests to a coordinator. If one fails, the coordinator may have moved. */
const CALLS = [
  'initProducerId',
  'addPartitionsToTxn',
  'addOffsetsToTxn',
  'txnOffsetCommit',
  'endTxn',
] as const;
const TRANSACTION = 1;

/** Node ids of the coordinators that a client has found, by what they coordinate. */
type Found = Map<string, number>;
const foundByCluster = new WeakMap<object, Found>();
const foundByBroker = new WeakMap<object, Found>();

/**
 * Transactional producers of this process then remember their coordinators until a request to one fails or its broker
 * is unreachable.
 */
export function keepCoordinators(): void {
  const cluster = requirePinned('src/cluster/index.js') as { prototype: Cluster };
  const broker = requirePinned('src/broker/index.js') as { prototype: Broker };
  rememberFound(cluster.prototype);
  for (const call of CALLS) forgetOnFailure(broker.prototype, call);
}

function rememberFound(prototype: Cluster): void {
  const find = prototype.findGroupCoordinator;
  prototype.findGroupCoordinator = async function (this: Cluster, lookup: Lookup): Promise<Broker> {
    const found = foundOf(this, lookup);
    // Clients without transactions look up seldom.
    if (found === undefined) return find.call(this, lookup);
    const name = `${lookup.coordinatorType ?? 0} ${lookup.groupId}`;
    const nodeId = found.get(name);
    if (nodeId !== undefined) {
      try {
        // Reconnects if the connection was lost.
        return await this.findBroker({ nodeId });
      } catch {
        // The group or transactional id of an unreachable broker soon moves to another one.
        found.clear();
      }
    }
    const broker = await find.call(this, lookup);
    found.set(name, broker.nodeId);
    foundByBroker.set(broker, found);
    return broker;
  };
}

function foundOf(cluster: Cluster, { coordinatorType }: Lookup): Found | undefined {
  const found = foundByCluster.get(cluster);
  if (found !== undefined || coordinatorType !== TRANSACTION) return found;
  const nothing: Found = new Map();
  foundByCluster.set(cluster, nothing);
  return nothing;
}

function forgetOnFailure(prototype: Broker, call: (typeof CALLS)[number]): void {
  const original = prototype[call];
  prototype[call] = async function (this: Broker, request: object): Promise<unknown> {
    try {
      return await original.call(this, request);
    } catch (error) {
      if (!isConcurrentTransactions(error)) foundByBroker.get(this)?.clear();
      throw error;
    }
  };
}

/** The coordinator is the right one and still writes the markers of the previous transaction. */
export function isConcurrentTransactions(error: unknown): boolean {
  return error instanceof Error && 'type' in error && error.type === 'CONCURRENT_TRANSACTIONS';
}
