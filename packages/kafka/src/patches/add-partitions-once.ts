import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout } from 'node:timers/promises';
import { isConcurrentTransactions } from './keep-coordinators.ts';
import { requirePinned } from './require-pinned.ts';

/** The partitions that a transaction will write to. */
export interface TransactionPartitions {
  readonly topic: string;
  readonly partitions: readonly number[];
}

interface AddPartitions {
  readonly topics: readonly TransactionPartitions[];
}

interface Broker {
  addPartitionsToTxn: (request: AddPartitions) => Promise<unknown>;
}

/** Between tries while the markers of the previous transaction are written; kafkajs then retries with longer pauses. */
const CONCURRENT_MS = 2;
const CONCURRENT_TRIES = 10;

interface Announced extends TransactionPartitions {
  isAdded: boolean;
}

/** Carries the announcement through kafkajs to the request. */
const announced = new AsyncLocalStorage<Announced>();

/** A transaction that announces its partitions then adds them with one request instead of one for each. */
export function addPartitionsOnce(): void {
  const { prototype } = requirePinned('src/broker/index.js') as { prototype: Broker };
  const original = prototype.addPartitionsToTxn;
  prototype.addPartitionsToTxn = async function (this: Broker, request: AddPartitions) {
    const all = announced.getStore();
    if (all === undefined || !covers(all, request)) return original.call(this, request);
    // kafkajs keeps its own list of added partitions and ignores the response.
    if (all.isAdded) return undefined;
    const { topic, partitions } = all;
    const response = await retryConcurrent(() =>
      original.call(this, { ...request, topics: [{ topic, partitions }] }),
    );
    all.isAdded = true;
    return response;
  };
}

/** Runs each `send` of one transaction. The first one adds all partitions. */
export function createAnnouncement(
  partitions: TransactionPartitions,
): <T>(send: () => Promise<T>) => Promise<T> {
  const all = { ...partitions, isAdded: false };
  return (send) => announced.run(all, send);
}

function covers(all: TransactionPartitions, { topics }: AddPartitions): boolean {
  return topics.every(
    ({ topic, partitions }) =>
      topic === all.topic && partitions.every((partition) => all.partitions.includes(partition)),
  );
}

async function retryConcurrent(add: () => Promise<unknown>): Promise<unknown> {
  for (let tries = 1; tries < CONCURRENT_TRIES; tries += 1) {
    try {
      // eslint-disable-next-line no-await-in-loop -- one try after the other
      return await add();
    } catch (error) {
      if (!isConcurrentTransactions(error)) throw error;
    }
    // eslint-disable-next-line no-await-in-loop -- see above
    await setTimeout(CONCURRENT_MS);
  }
  return add();
}
