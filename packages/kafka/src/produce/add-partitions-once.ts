import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout } from 'node:timers/promises';
import { requirePinned } from '../require-pinned.ts';
import { isConcurrentTransactions } from './keep-coordinators.ts';

/** The partitions that a transaction is going to write to. */
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

/** Until the markers of the transaction before are written; then kafkajs tries again, with longer pauses. */
const CONCURRENT_MS = 2;
const CONCURRENT_TRIES = 10;

interface Announced extends TransactionPartitions {
  isAdded: boolean;
}

/** Reaches through kafkajs to what a broker is asked. */
const announced = new AsyncLocalStorage<Announced>();

let isReplaced = false;

/**
 * From now on a transaction that announces its partitions adds them with one request instead of one for each. May be
 * called again.
 *
 * @throws Error when another version of kafkajs is installed
 */
export function addPartitionsOnce(): void {
  if (isReplaced) return;
  isReplaced = true;
  const { prototype } = requirePinned('src/broker/index.js') as { prototype: Broker };
  const original = prototype.addPartitionsToTxn;
  prototype.addPartitionsToTxn = async function (this: Broker, request: AddPartitions) {
    const all = announced.getStore();
    if (all === undefined || !covers(all, request)) return original.call(this, request);
    // kafkajs keeps its own account and has no use for the answer.
    if (all.isAdded) return undefined;
    const { topic, partitions } = all;
    const answer = await patiently(() =>
      original.call(this, { ...request, topics: [{ topic, partitions }] }),
    );
    all.isAdded = true;
    return answer;
  };
}

/** Runs each `send` of one transaction: whichever is the first adds all of its partitions. */
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

async function patiently(add: () => Promise<unknown>): Promise<unknown> {
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
