import { type Read, readDelivery } from '@latchkey/contracts';
import type { Policy } from '@latchkey/domain';
import {
  advanceProgress,
  type Db,
  lockProgress,
  type ProgressRow,
  stopPartition,
  type Tx,
} from '@latchkey/postgres';
import { apply } from './apply.ts';
import type { Batch, Delivery } from './batch.ts';
import { breather } from './breather.ts';
import { claim } from './claim.ts';
import { type Counts, decide } from './decide.ts';
import { lock } from './lock.ts';
import type { Outputs } from './outputs.ts';
import { digestOf, type Position, positionOf } from './position.ts';

/** A value from here on may take longer to read than the event loop is to be kept by several of them. */
const LARGE_BYTES = 32 * 1024;

/** What became of a batch. */
export type Taken =
  /** Committed: the position stands behind the batch. */
  | { readonly kind: 'taken'; readonly counts: Counts; readonly undeclared: number }
  /** Nothing was written: see `Position`. */
  | { readonly kind: 'done' | 'ahead' | 'stopped' }
  /** Committed: the partition stands still until an operator accepts what was found. */
  | { readonly kind: 'stop'; readonly code: string; readonly detail: string };

/**
 * Takes a batch: position → claim → lock → decide → apply, in one transaction.
 *
 * Afterwards each delivery at or behind our position was applied, or was a duplicate, stale, a
 * conflict or a dead letter, is counted as such, and the position stands behind the batch. Rejected:
 * nothing was written, unless COMMIT was under way when the connection was lost; then the position
 * tells, and the same batch can be taken again either way.
 *
 * @param readOne - what a delivery says; parsing comes before the first SQL, so that hostile input
 *   never reaches it
 */
export async function intake(
  db: Db,
  batch: Batch,
  policy: Policy,
  outputs: Outputs,
  readOne: (delivery: Delivery) => Read = (delivery) =>
    readDelivery(delivery, batch.input, policy.sources),
): Promise<Taken> {
  const reads = await readAll(batch, readOne);
  return db.transaction(async (tx) => {
    const [progress] = await tx.run(lockProgress, batch);
    if (progress === undefined) throw new Error('the partition has no position yet');
    const position = positionOf(progress, batch);
    if (position.kind !== 'take') return standStill(tx, batch, progress, position);
    const given = position.deliveries.map((delivery) => ({
      delivery,
      read: readOf(reads, delivery),
    }));
    const claimed = await claim(tx, batch, given, progress);
    const locked = await lock(tx, batch, claimed.events, outputs);
    const { changes, counts, undeclared } = await decide(claimed, locked, {
      batch,
      epoch: progress.epoch,
      policy,
    });
    await apply(tx, changes, outputs, locked.nowMs);
    advance(tx, batch, position.deliveries, counts);
    return { kind: 'taken', counts, undeclared };
  });
}

async function readAll(
  { deliveries }: Batch,
  readOne: (delivery: Delivery) => Read,
): Promise<ReadonlyMap<Delivery, Read>> {
  const breathe = breather();
  const reads = new Map<Delivery, Read>();
  for (const delivery of deliveries) {
    // eslint-disable-next-line no-await-in-loop -- a turn for others, now and then
    await breathe(isLarge(delivery) ? 'long' : undefined);
    reads.set(delivery, readOne(delivery));
  }
  await breathe();
  return reads;
}

function isLarge({ value }: Delivery): boolean {
  return value !== null && value.length > LARGE_BYTES;
}

function readOf(reads: ReadonlyMap<Delivery, Read>, delivery: Delivery): Read {
  const read = reads.get(delivery);
  if (read === undefined) throw new RangeError('a delivery was not read');
  return read;
}

function standStill(
  tx: Tx,
  { topic, partition }: Batch,
  { nextOffset: offset }: ProgressRow,
  position: Exclude<Position, { kind: 'take' }>,
): Taken {
  if (position.kind !== 'stop') return position;
  const { code, detail } = position;
  tx.finally(stopPartition, { topic, partition, offset, code, detail });
  return position;
}

function advance(tx: Tx, batch: Batch, deliveries: readonly Delivery[], counts: Counts): void {
  const last = deliveries.at(-1);
  tx.finally(advanceProgress, {
    topic: batch.topic,
    partition: batch.partition,
    nextOffset: batch.nextOffset,
    lastOffset: last?.offset ?? null,
    lastDigest: last === undefined ? null : digestOf(last),
    readThroughMs: last?.takenAtMs ?? null,
    ...counts,
  });
}
