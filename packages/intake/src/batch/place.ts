import { type LockedProgressRow, stopPartition, type Tx } from '@latchkey/postgres';
import type { Batch } from './batch.ts';
import type { BatchOutcome, LockedElsewhere } from './outcome.ts';
import { type Position, positionOf } from './position.ts';

/** More isolated events in a row point to a fault of the system. */
const MAX_ISOLATIONS_IN_A_ROW = 3;

const LOCKED: LockedElsewhere = { kind: 'locked' };

/** A batch, the position of its partition, and what to do with the batch. */
export interface Placed {
  readonly batch: Batch;
  readonly progress: LockedProgressRow | undefined;
  readonly position: Position | LockedElsewhere;
}

/** A batch that is to be processed. */
export type Processable = Placed & {
  readonly progress: LockedProgressRow;
  readonly position: Extract<Position, { readonly kind: 'process' }>;
};

/**
 * Compares batches with the positions of their partitions.
 *
 * @param rows - of the partitions whose position this transaction has locked
 * @param failed - why the only delivery of the batch could not be applied
 */
export function placesOf(
  batches: readonly Batch[],
  rows: readonly LockedProgressRow[],
  failed: string | undefined,
): readonly Placed[] {
  return batches.map((batch) => {
    const { topic, partition } = batch;
    const progress = rows.find((row) => row.topic === topic && row.partition === partition);
    const position = progress === undefined ? LOCKED : placeOf(progress, batch, failed);
    return { batch, progress, position };
  });
}

function placeOf(
  progress: LockedProgressRow,
  batch: Batch,
  failed: string | undefined,
): Placed['position'] {
  const position = positionOf(progress, batch);
  if (position.kind !== 'process' || failed === undefined) return position;
  if (progress.isolations < MAX_ISOLATIONS_IN_A_ROW) return position;
  const detail = `${MAX_ISOLATIONS_IN_A_ROW} events in a row could not be applied; the next: ${failed}`;
  return { kind: 'stop', code: 'APPLY_FAILING', detail };
}

export function isProcessable(placed: Placed): placed is Processable {
  return placed.position.kind === 'process';
}

/** The outcome of a batch that is not processed; stops its partition where that must stop. */
export function leaveUnprocessed(
  tx: Tx,
  { progress, position }: Placed,
): BatchOutcome | LockedElsewhere {
  if (position.kind === 'process') throw new RangeError('this batch is processed');
  if (position.kind !== 'stop' || progress === undefined) return position;
  const { topic, partition, nextOffset: offset } = progress;
  const { code, detail } = position;
  tx.finally(stopPartition, { topic, partition, offset, code, detail });
  return position;
}
