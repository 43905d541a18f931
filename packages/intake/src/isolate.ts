import type { Policy } from '@latchkey/domain';
import type { Db } from '@latchkey/postgres';
import { type Batch, halvesOf } from './batch.ts';
import { causeOf, isDataError } from './data-error.ts';
import { intake, type Taken } from './intake.ts';
import type { Outputs } from './outputs.ts';

/**
 * Takes a batch; where an error of the data fails it, halves it until the poison is alone and a dead
 * letter. After a few of these in a row the partition stops instead; the database counts them, so that a
 * restart changes nothing and an operator's acceptance begins anew. Every other error is thrown, for the
 * caller to wait and try again.
 */
export async function intakeOrIsolate(
  db: Db,
  batch: Batch,
  policy: Policy,
  outputs: Outputs,
): Promise<readonly Taken[]> {
  try {
    return [await intake(db, batch, policy, outputs)];
  } catch (error) {
    if (!isDataError(error)) throw error;
    if (batch.deliveries.length > 1) return intakeHalves(db, batch, policy, outputs);
    return [await intake(db, batch, policy, outputs, causeOf(error))];
  }
}

async function intakeHalves(
  db: Db,
  batch: Batch,
  policy: Policy,
  outputs: Outputs,
): Promise<readonly Taken[]> {
  const all: Taken[] = [];
  for (const half of halvesOf(batch)) {
    // eslint-disable-next-line no-await-in-loop -- the second half stands behind the first
    const taken = await intakeOrIsolate(db, half, policy, outputs);
    all.push(...taken);
    if (taken.some(({ kind }) => kind === 'stop' || kind === 'stopped' || kind === 'ahead')) break;
  }
  return all;
}
