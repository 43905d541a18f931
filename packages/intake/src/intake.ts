import { type InputTopic, type Read, readDelivery } from '@latchkey/contracts';
import type { Policy } from '@latchkey/domain';
import {
  type Advance,
  advanceProgress,
  type Db,
  type LockedProgressRow,
  lockProgress,
  stopPartition,
  type Tx,
} from '@latchkey/postgres';
import { apply } from './apply.ts';
import type { Batch, Delivery } from './batch.ts';
import { breather } from './breather.ts';
import { claim, type ReadDelivery } from './claim.ts';
import { type Counts, type Decided, decide } from './decide.ts';
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

/** Nothing was written: somebody else holds the position. */
export interface Held {
  readonly kind: 'held';
}

const HELD: Held = { kind: 'held' };

/** What a delivery says. */
type ReadOne = (delivery: Delivery, input: InputTopic) => Read;

/**
 * Takes a batch: position → claim → lock → decide → apply, in one transaction.
 *
 * Afterwards each delivery at or behind our position was applied, or was a duplicate, stale, a
 * conflict or a dead letter, is counted as such, and the position stands behind the batch. Rejected:
 * nothing was written, unless COMMIT was under way when the connection was lost; then the position
 * tells, and the same batch can be taken again either way.
 *
 * @param readOne - parsing comes before the first SQL, so that hostile input never reaches it
 */
export async function intake(
  db: Db,
  batch: Batch,
  policy: Policy,
  outputs: Outputs,
  readOne?: ReadOne,
): Promise<Taken> {
  const [taken] = await intakeTogether(db, [batch], policy, outputs, readOne);
  if (taken === undefined || taken.kind === 'held') {
    throw new Error('the partition has no position yet');
  }
  return taken;
}

/**
 * The same for batches of different partitions, all in one transaction: many small ones cost hardly
 * more than one. With several, a batch whose position somebody holds is left out (`held`).
 *
 * @returns what became of each batch, in the order given
 */
export async function intakeTogether(
  db: Db,
  batches: readonly Batch[],
  policy: Policy,
  outputs: Outputs,
  readOne: ReadOne = (delivery, input) => readDelivery(delivery, input, policy.sources),
): Promise<readonly (Taken | Held)[]> {
  const reads = await readAll(batches, readOne);
  return db.transaction(async (tx) => {
    const placed = placesOf(batches, await lockProgress(tx, batches));
    const taking = placed.filter(isToTake);
    const [first] = taking;
    if (first === undefined) return placed.map((one) => standStill(tx, one));
    const given = taking.flatMap((one) => givenOf(one, reads));
    const claimed = await claim(tx, given, first.progress);
    const locked = await lock(tx, claimed.events, outputs);
    const decided = await decide(claimed, locked, policy);
    await apply(tx, decided.changes, outputs, locked.nowMs);
    const advances = taking.map((one) => advanceOf(one, decided.countsOf(one.progress)));
    advanceProgress(tx, advances);
    return placed.map((one) => (isToTake(one) ? takenOf(one, decided) : standStill(tx, one)));
  });
}

/** A batch, and what to do with it. */
interface Placed {
  readonly batch: Batch;
  readonly progress: LockedProgressRow | undefined;
  readonly position: Position | Held;
}

type ToTake = Placed & {
  readonly progress: LockedProgressRow;
  readonly position: Extract<Position, { kind: 'take' }>;
};

function placesOf(
  batches: readonly Batch[],
  rows: readonly LockedProgressRow[],
): readonly Placed[] {
  return batches.map((batch) => {
    const { topic, partition } = batch;
    const progress = rows.find((row) => row.topic === topic && row.partition === partition);
    const position = progress === undefined ? HELD : positionOf(progress, batch);
    return { batch, progress, position };
  });
}

function isToTake(placed: Placed): placed is ToTake {
  return placed.position.kind === 'take';
}

async function readAll(
  batches: readonly Batch[],
  readOne: ReadOne,
): Promise<ReadonlyMap<Delivery, Read>> {
  const breathe = breather();
  const reads = new Map<Delivery, Read>();
  for (const { deliveries, input } of batches) {
    for (const delivery of deliveries) {
      // eslint-disable-next-line no-await-in-loop -- a turn for others, now and then
      await breathe(isLarge(delivery) ? 'long' : undefined);
      reads.set(delivery, readOne(delivery, input));
    }
  }
  await breathe();
  return reads;
}

function isLarge({ value }: Delivery): boolean {
  return value !== null && value.length > LARGE_BYTES;
}

function givenOf(
  { progress, position }: ToTake,
  reads: ReadonlyMap<Delivery, Read>,
): readonly ReadDelivery[] {
  return position.deliveries.map((delivery) => {
    const read = reads.get(delivery);
    if (read === undefined) throw new RangeError('a delivery was not read');
    return { delivery, origin: progress, read };
  });
}

function takenOf({ progress }: ToTake, { countsOf, undeclaredOf }: Decided): Taken {
  return { kind: 'taken', counts: countsOf(progress), undeclared: undeclaredOf(progress) };
}

function standStill(tx: Tx, { progress, position }: Placed): Taken | Held {
  if (position.kind === 'take') throw new RangeError('what is taken does not stand still');
  if (position.kind !== 'stop' || progress === undefined) return position;
  const { topic, partition, nextOffset: offset } = progress;
  const { code, detail } = position;
  tx.finally(stopPartition, { topic, partition, offset, code, detail });
  return position;
}

function advanceOf({ batch, position: { deliveries } }: ToTake, counts: Counts): Advance {
  const last = deliveries.at(-1);
  return {
    topic: batch.topic,
    partition: batch.partition,
    nextOffset: batch.nextOffset,
    lastOffset: last?.offset ?? null,
    lastDigest: last === undefined ? null : digestOf(last),
    ...counts,
  };
}
