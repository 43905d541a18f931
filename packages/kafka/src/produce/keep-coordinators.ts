import { requirePinned } from '../require-pinned.ts';

interface Asked {
  readonly groupId: string;
  readonly coordinatorType?: number;
}

interface Cluster {
  findGroupCoordinator: (asked: Asked) => Promise<Broker>;
  findBroker(of: { readonly nodeId: number }): Promise<Broker>;
}

type Call = (request: object) => Promise<unknown>;
type Broker = Record<(typeof CALLS)[number], Call> & { readonly nodeId: number };

/** What is asked of a coordinator; if it fails, the coordinator may be another one by now. */
const CALLS = [
  'initProducerId',
  'addPartitionsToTxn',
  'addOffsetsToTxn',
  'txnOffsetCommit',
  'endTxn',
] as const;
const TRANSACTION = 1;

/** The nodes of the coordinators that a client has found, by what they coordinate. */
type Found = Map<string, number>;
const foundBy = new WeakMap<object, Found>();
/** The same, by each broker that was found. */
const knownAs = new WeakMap<object, Found>();

let isReplaced = false;

/**
 * From now on transactional producers of this process remember their coordinators, until one of them fails or is away. kafkajs
 * asks a broker for the coordinator before every request to it: seven times in a transaction over four partitions.
 * May be called again.
 *
 * @throws Error when another version of kafkajs is installed
 */
export function keepCoordinators(): void {
  if (isReplaced) return;
  isReplaced = true;
  const cluster = requirePinned('src/cluster/index.js') as { prototype: Cluster };
  const broker = requirePinned('src/broker/index.js') as { prototype: Broker };
  rememberFound(cluster.prototype);
  for (const call of CALLS) forgetOnFailure(broker.prototype, call);
}

function rememberFound(prototype: Cluster): void {
  const find = prototype.findGroupCoordinator;
  prototype.findGroupCoordinator = async function (this: Cluster, asked: Asked): Promise<Broker> {
    const found = foundOf(this, asked);
    // A client without transactions asks seldom.
    if (found === undefined) return find.call(this, asked);
    const name = `${asked.coordinatorType ?? 0} ${asked.groupId}`;
    const nodeId = found.get(name);
    if (nodeId !== undefined) {
      try {
        // Connects again where the connection was lost.
        return await this.findBroker({ nodeId });
      } catch {
        // A broker that is away coordinates nothing for long.
        found.clear();
      }
    }
    const broker = await find.call(this, asked);
    found.set(name, broker.nodeId);
    knownAs.set(broker, found);
    return broker;
  };
}

function foundOf(cluster: Cluster, { coordinatorType }: Asked): Found | undefined {
  const found = foundBy.get(cluster);
  if (found !== undefined || coordinatorType !== TRANSACTION) return found;
  const nothing: Found = new Map();
  foundBy.set(cluster, nothing);
  return nothing;
}

function forgetOnFailure(prototype: Broker, call: (typeof CALLS)[number]): void {
  const original = prototype[call];
  prototype[call] = async function (this: Broker, request: object): Promise<unknown> {
    try {
      return await original.call(this, request);
    } catch (error) {
      if (!isConcurrentTransactions(error)) knownAs.get(this)?.clear();
      throw error;
    }
  };
}

/** The right coordinator, which still writes the markers of the transaction before. */
export function isConcurrentTransactions(error: unknown): boolean {
  return error instanceof Error && 'type' in error && error.type === 'CONCURRENT_TRANSACTIONS';
}
