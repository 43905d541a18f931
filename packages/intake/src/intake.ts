import { type Read, readDelivery } from '@latchkey/contracts';
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
import { GIVEN_UP_BY_OPERATOR, givenUp } from './give-up.ts';
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

/** More events in a row that cannot be applied are no poison: something is wrong with us. */
const MAX_ISOLATIONS_IN_A_ROW = 3;

/**
 * Takes a batch: position → claim → lock → decide → apply, in one transaction.
 *
 * Afterwards each delivery at or behind our position was applied, or was a duplicate, stale, a
 * conflict or a dead letter, is counted as such, and the position stands behind the batch. Rejected:
 * nothing was written, unless COMMIT was under way when the connection was lost; then the position
 * tells, and the same batch can be taken again either way.
 *
 * @param failed - why the only delivery of the batch could not be applied: it becomes a dead letter, and is counted as
 *   isolated; after too many of these in a row the partition stops instead
 */
export async function intake(
  db: Db,
  batch: Batch,
  policy: Policy,
  outputs: Outputs,
  failed?: string,
): Promise<Taken> {
  const [taken] = await intakeTogether(db, [batch], policy, outputs, failed);
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
  failed?: string,
): Promise<readonly (Taken | Held)[]> {
  const reads = await readAll(batches, policy);
  return db.transaction(async (tx) => {
    const placed = placesOf(batches, await lockProgress(tx, batches), failed);
    const taking = placed.filter(isToTake);
    const [first] = taking;
    if (first === undefined) return placed.map((one) => standStill(tx, one));
    const given = taking.flatMap((one) => givenOf(one, reads, failed));
    const claimed = await claim(tx, given, first.progress);
    const locked = await lock(tx, claimed.events, outputs);
    const decided = await decide(claimed, locked, policy);
    await apply(tx, decided.changes, outputs, locked.nowMs);
    const advances = taking.map((one) => advanceOf(one, decided.countsOf(one.progress), failed));
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
  failed: string | undefined,
): readonly Placed[] {
  return batches.map((batch) => {
    const { topic, partition } = batch;
    const progress = rows.find((row) => row.topic === topic && row.partition === partition);
    const position = progress === undefined ? HELD : placeOf(progress, batch, failed);
    return { batch, progress, position };
  });
}

function placeOf(
  progress: LockedProgressRow,
  batch: Batch,
  failed: string | undefined,
): Placed['position'] {
  const position = positionOf(progress, batch);
  if (position.kind !== 'take' || failed === undefined) return position;
  if (progress.isolations < MAX_ISOLATIONS_IN_A_ROW) return position;
  const detail = `${MAX_ISOLATIONS_IN_A_ROW} events in a row could not be applied; the next: ${failed}`;
  return { kind: 'stop', code: 'APPLY_FAILING', detail };
}

function isToTake(placed: Placed): placed is ToTake {
  return placed.position.kind === 'take';
}

/** Parsing comes before the first SQL, so that hostile input never reaches it. */
async function readAll(
  batches: readonly Batch[],
  { sources }: Policy,
): Promise<ReadonlyMap<Delivery, Read>> {
  const breathe = breather();
  const reads = new Map<Delivery, Read>();
  for (const { deliveries, input } of batches) {
    for (const delivery of deliveries) {
      // eslint-disable-next-line no-await-in-loop -- a turn for others, now and then
      await breathe(isLarge(delivery) ? 'long' : undefined);
      reads.set(delivery, readDelivery(delivery, input, sources));
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
  failed: string | undefined,
): readonly ReadDelivery[] {
  return position.deliveries.map((delivery) => {
    const read = reads.get(delivery);
    if (read === undefined) throw new RangeError('a delivery was not read');
    const cause = delivery.offset < progress.giveUpBefore ? GIVEN_UP_BY_OPERATOR : failed;
    return { delivery, origin: progress, read: cause === undefined ? read : givenUp(read, cause) };
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

function advanceOf(
  { batch, progress, position: { deliveries } }: ToTake,
  counts: Counts,
  failed: string | undefined,
): Advance {
  const last = deliveries.at(-1);
  return {
    topic: batch.topic,
    partition: batch.partition,
    nextOffset: batch.nextOffset,
    lastOffset: last?.offset ?? null,
    lastDigest: last === undefined ? null : digestOf(last),
    isolations: isolationsAfter(progress, counts, failed),
    ...counts,
  };
}

/** Only an event that could be decided and stored says that events can be applied: a duplicate or a conflict is not tried. */
function isolationsAfter(
  { isolations }: LockedProgressRow,
  { applied, stale }: Counts,
  failed: string | undefined,
): number {
  if (failed !== undefined) return isolations + 1;
  return applied + stale > 0 ? 0 : isolations;
}
