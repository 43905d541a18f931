import type { Batch } from 'kafkajs';
import type { ConsumedRecord } from '../protocol/consumed-record.ts';
import type { FetchedMessage, Unreadable } from '../protocol/fetched-message.ts';
import type { Assignment, LeasedPartition } from './assignment.ts';
import type { ConsumedBatch } from './consumed-batch.ts';
import { type FetchControl, stopPartition } from './fetch-control.ts';
import { type BatchLease, createLease, type Heartbeat } from './partition-lease.ts';
import type { PartitionReading, ProcessOutcome } from './partition-reading.ts';
import { settleWithin } from './settle-within.ts';

export interface BatchProcessing {
  readonly assignment: Assignment;
  readonly control: FetchControl;
  readonly reading: PartitionReading;
  /** Called when the reader rejects. */
  readonly fail: (error: unknown) => void;
}

/** The fields of kafkajs' batches that its types leave out. */
type FetchedBatch = Batch & { readonly fetchedOffset: string };

/** A slower batch is processed in the background with its partition paused, so that the others continue. */
const SLOW_MS = 1_000;

/**
 * Processes a fetched batch. Resolves when that is done, or when it is slow and continues in the background. Never
 * rejects: kafkajs would stop for good, and the process would not notice.
 */
export async function processFetched(
  processing: BatchProcessing,
  fetched: Batch,
  heartbeat: Heartbeat,
): Promise<void> {
  const { assignment, control } = processing;
  const leased = assignment.find(fetched.topic, fetched.partition);
  if (leased?.status !== 'reading' || !assignment.isActive(leased)) return;
  const { fetchedOffset } = fetched as FetchedBatch;
  if (BigInt(fetchedOffset) !== leased.nextOffset) {
    // Our offset was out of range, and kafkajs reset it to the log's start.
    stopPartition(control, leased);
    return;
  }
  const { batch, unreadable } = readBatch(fetched, leased);
  await processBatch(processing, leased, batch, unreadable, heartbeat);
}

function readBatch(
  fetched: Batch,
  leased: LeasedPartition,
): { batch: ConsumedBatch; unreadable: Unreadable | undefined } {
  const records: ConsumedRecord[] = [];
  let unreadable: Unreadable | undefined;
  for (const message of fetched.messages as unknown as readonly FetchedMessage[]) {
    unreadable = message.unreadable;
    if (unreadable !== undefined) break;
    if (!message.isPlaceholder) records.push(message.record);
  }
  const nextOffset = unreadable?.firstOffset ?? BigInt(fetched.lastOffset()) + 1n;
  const batch = {
    topic: leased.topic,
    partition: leased.partition,
    fetchedOffset: leased.nextOffset,
    nextOffset: nextOffset > leased.nextOffset ? nextOffset : leased.nextOffset,
    records,
  };
  return { batch, unreadable };
}

async function processBatch(
  processing: BatchProcessing,
  leased: LeasedPartition,
  batch: ConsumedBatch,
  unreadable: Unreadable | undefined,
  heartbeat: Heartbeat,
): Promise<void> {
  const { control, reading, assignment, fail } = processing;
  const state = { isDone: false, isPaused: false };
  const lease = createLease(assignment, leased, heartbeat);
  const work = async (): Promise<void> => {
    try {
      const hasProgress = batch.nextOffset > batch.fetchedOffset;
      const outcome = hasProgress ? await reading.process(batch, lease) : 'processed';
      if (!leased.isLeased) return;
      await settle(processing, leased, batch, outcome, unreadable);
      state.isDone = true;
      if (state.isPaused && leased.status === 'reading') control.resume(leased);
    } catch (error) {
      state.isDone = true;
      fail(error);
    }
  };
  leased.status = 'processing';
  const working = work();
  assignment.track(leased, working);
  await waitUntilSlow(working, lease, () => state.isDone);
  if (state.isDone || !leased.isLeased) return;
  // It continues in the background. Nothing more of this partition may be fetched until it is settled.
  state.isPaused = true;
  control.pause([leased]);
}

/** Resolves when the work is done, or is slow without waiting for its turn, or must not continue. */
async function waitUntilSlow(
  working: Promise<void>,
  lease: BatchLease,
  isDone: () => boolean,
): Promise<void> {
  let isWaiting: boolean;
  do {
    const { turn, turns } = lease;
    // eslint-disable-next-line no-await-in-loop -- a second at a time
    await settleWithin(SLOW_MS, turn === undefined ? working : Promise.race([working, turn]));
    isWaiting = lease.turn !== undefined || lease.turns > turns;
    // eslint-disable-next-line no-await-in-loop -- keeps the membership meanwhile
  } while (!isDone() && isWaiting && (await lease.renew()));
}

async function settle(
  { control, reading }: BatchProcessing,
  leased: LeasedPartition,
  batch: ConsumedBatch,
  outcome: ProcessOutcome,
  unreadable: Unreadable | undefined,
): Promise<void> {
  if (outcome !== 'processed') {
    stopPartition(control, leased);
    return;
  }
  leased.nextOffset = batch.nextOffset;
  leased.uncommittedOffset = batch.nextOffset;
  if (unreadable === undefined) {
    leased.status = 'reading';
    control.seek(leased);
    return;
  }
  const { topic, partition } = leased;
  await reading.unreadable({ topic, partition, ...unreadable });
  stopPartition(control, leased);
}
