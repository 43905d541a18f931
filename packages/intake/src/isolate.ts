import type { Read } from '@latchkey/contracts';
import { readDelivery } from '@latchkey/contracts';
import type { Policy } from '@latchkey/domain';
import { type Db, stopPartition } from '@latchkey/postgres';
import { type Batch, type Delivery, halvesOf } from './batch.ts';
import { causeOf, isDataError } from './data-error.ts';
import { intake, type Taken } from './intake.ts';
import type { Outputs } from './outputs.ts';

/** How many events of a partition were isolated, one after the other, without a good one in between. */
export interface Isolations {
  inARow: number;
}

/** More poison than this in a row is no poison: something is wrong with us. */
const MAX_ISOLATIONS_IN_A_ROW = 3;

/**
 * Takes a batch; where an error of the data fails it, halves it until the poison is alone and a dead
 * letter. After a few of these in a row the partition stops instead. Every other error is thrown,
 * for the caller to wait and try again.
 *
 * @param isolations - kept by the caller for each partition, from batch to batch
 */
export async function intakeOrIsolate(
  db: Db,
  batch: Batch,
  policy: Policy,
  outputs: Outputs,
  isolations: Isolations,
): Promise<readonly Taken[]> {
  try {
    const taken = await intake(db, batch, policy, outputs);
    if (taken.kind === 'taken' && batch.deliveries.length > 0) isolations.inARow = 0;
    return [taken];
  } catch (error) {
    if (!isDataError(error)) throw error;
    if (batch.deliveries.length > 1) return intakeHalves(db, batch, policy, outputs, isolations);
    return [await giveUp(db, batch, policy, outputs, isolations, causeOf(error))];
  }
}

async function intakeHalves(
  db: Db,
  batch: Batch,
  policy: Policy,
  outputs: Outputs,
  isolations: Isolations,
): Promise<readonly Taken[]> {
  const all: Taken[] = [];
  for (const half of halvesOf(batch)) {
    // eslint-disable-next-line no-await-in-loop -- the second half stands behind the first
    const taken = await intakeOrIsolate(db, half, policy, outputs, isolations);
    all.push(...taken);
    if (taken.some(({ kind }) => kind === 'stop' || kind === 'stopped' || kind === 'ahead')) break;
  }
  return all;
}

/** The delivery becomes a dead letter, unless too many did so in a row. */
async function giveUp(
  db: Db,
  batch: Batch,
  policy: Policy,
  outputs: Outputs,
  isolations: Isolations,
  cause: string,
): Promise<Taken> {
  if (isolations.inARow >= MAX_ISOLATIONS_IN_A_ROW) {
    const detail = `${MAX_ISOLATIONS_IN_A_ROW} events in a row could not be applied; the next: ${cause}`;
    const { topic, partition } = batch;
    const offset = batch.deliveries[0]?.offset ?? batch.fetchedOffset;
    await db.run(stopPartition, { topic, partition, offset, code: 'APPLY_FAILING', detail });
    return { kind: 'stop', code: 'APPLY_FAILING', detail };
  }
  const taken = await intake(db, batch, policy, outputs, (delivery) =>
    failedRead(delivery, batch, policy, cause),
  );
  isolations.inARow += 1;
  return taken;
}

function failedRead(delivery: Delivery, batch: Batch, policy: Policy, cause: string): Read {
  const read = readDelivery(delivery, batch.input, policy.sources);
  if (read.kind === 'rejected') return read;
  const { eventId, fingerprint, timeMs, source, type } = read.event;
  return {
    kind: 'rejected',
    rejection: { code: 'APPLY_FAILED', field: undefined, cause },
    claim: { eventId, fingerprint, timeMs },
    eventId,
    source,
    type,
  };
}
