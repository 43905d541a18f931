import type { Batch } from 'kafkajs';
import type { ConsumedBatch, ConsumedRecord } from '../consumed.ts';
import type { FetchedMessage, Unreadable } from '../fetch/fetched-message.ts';
import type { Assignment, HeldPartition } from './assignment.ts';
import type { FetchControl } from './fetch-control.ts';
import { type BatchHold, type Heartbeat, holdOf } from './hold.ts';
import type { PartitionReading, Taken } from './partition-reading.ts';
import { settledWithin } from './settled-within.ts';

export interface Taking {
  readonly assignment: Assignment;
  readonly control: FetchControl;
  readonly reading: PartitionReading;
  /** The reader broke its word and rejected. */
  readonly fail: (error: unknown) => void;
}

/** The fields of kafkajs' batches that its types leave out. */
type FetchedBatch = Batch & { readonly fetchedOffset: string };

/** A batch that takes longer is taken on the side, with its partition paused, so that the others go on. */
const SLOW_MS = 1_000;

/**
 * Has a fetched batch taken. Resolves when that is done, or when it is taking long and goes on by itself. Never
 * rejects: kafkajs would stop for good, and the process would not notice.
 */
export async function takeFetched(
  taking: Taking,
  fetched: Batch,
  heartbeat: Heartbeat,
): Promise<void> {
  const held = taking.assignment.find(fetched.topic, fetched.partition);
  if (held?.status !== 'reading' || !taking.assignment.mayWork(held)) return;
  const { fetchedOffset } = fetched as FetchedBatch;
  if (BigInt(fetchedOffset) !== held.nextOffset) {
    // kafkajs asked for something else than it was told: our offset was out of range, and it chose the log's start.
    stop(taking, held);
    return;
  }
  const { batch, unreadable } = readBatch(fetched, held);
  await takeBatch(taking, held, batch, unreadable, heartbeat);
}

function readBatch(
  fetched: Batch,
  held: HeldPartition,
): { batch: ConsumedBatch; unreadable: Unreadable | undefined } {
  const records: ConsumedRecord[] = [];
  let unreadable: Unreadable | undefined;
  for (const message of fetched.messages as unknown as readonly FetchedMessage[]) {
    unreadable = message.unreadable;
    if (unreadable !== undefined) break;
    if (!message.holdsNothing) records.push(message.record);
  }
  const nextOffset = unreadable?.firstOffset ?? BigInt(fetched.lastOffset()) + 1n;
  const batch = {
    topic: held.topic,
    partition: held.partition,
    fetchedOffset: held.nextOffset,
    nextOffset: nextOffset > held.nextOffset ? nextOffset : held.nextOffset,
    records,
  };
  return { batch, unreadable };
}

async function takeBatch(
  taking: Taking,
  held: HeldPartition,
  batch: ConsumedBatch,
  unreadable: Unreadable | undefined,
  heartbeat: Heartbeat,
): Promise<void> {
  const { control, reading, assignment, fail } = taking;
  const inHand = { isDone: false, isPaused: false };
  const hold = holdOf(assignment, held, heartbeat);
  const work = async (): Promise<void> => {
    try {
      const isWorthTaking = batch.nextOffset > batch.fetchedOffset;
      const taken = isWorthTaking ? await reading.take(batch, hold) : 'taken';
      if (!held.isOurs) return;
      await settle(taking, held, batch, taken, unreadable);
      inHand.isDone = true;
      if (inHand.isPaused && held.status === 'reading') control.resume(held);
    } catch (error) {
      inHand.isDone = true;
      fail(error);
    }
  };
  held.status = 'taking';
  const working = work();
  assignment.takeInHand(held, working);
  await untilSlow(working, hold, () => inHand.isDone);
  if (inHand.isDone || !held.isOurs) return;
  // It goes on by itself. Nothing else may be fetched of this partition until it is settled.
  inHand.isPaused = true;
  control.pause([held]);
}

/** Resolves when the work is done, or has taken long without waiting for its turn, or must not go on. */
async function untilSlow(
  working: Promise<void>,
  hold: BatchHold,
  isDone: () => boolean,
): Promise<void> {
  let isWaiting: boolean;
  do {
    const { turn, turns } = hold;
    // eslint-disable-next-line no-await-in-loop -- a second at a time
    await settledWithin(SLOW_MS, turn === undefined ? working : Promise.race([working, turn]));
    isWaiting = hold.turn !== undefined || hold.turns > turns;
    // eslint-disable-next-line no-await-in-loop -- the membership is kept meanwhile
  } while (!isDone() && isWaiting && (await hold.keep()));
}

async function settle(
  taking: Taking,
  held: HeldPartition,
  batch: ConsumedBatch,
  taken: Taken,
  unreadable: Unreadable | undefined,
): Promise<void> {
  if (taken !== 'taken') {
    stop(taking, held);
    return;
  }
  held.nextOffset = batch.nextOffset;
  held.uncommittedOffset = batch.nextOffset;
  if (unreadable === undefined) {
    held.status = 'reading';
    taking.control.seek(held);
    return;
  }
  const { topic, partition } = held;
  await taking.reading.unreadable({ topic, partition, ...unreadable });
  stop(taking, held);
}

/** Until the partition is located again. */
export function stop({ control }: Pick<Taking, 'control'>, held: HeldPartition): void {
  held.status = 'stopped';
  control.pause([held]);
}
