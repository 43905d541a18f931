import type { Tx } from '@latchkey/postgres';
import { apply } from './apply.ts';
import { type Changes, joinChanges } from './changes.ts';
import { DecideFailedError } from './data-error.ts';
import type { Locked } from './handler.ts';
import type { Moment } from './moment.ts';
import type { Outputs } from './outputs.ts';

/**
 * The steps of a transaction that no delivery starts: lock → decide → apply.
 *
 * @param lock - locks and reads everything that is decided about, then the moment
 * @throws DecideFailedError with the error that `decide` threw
 */
export async function decideAndApply<L>(
  tx: Tx,
  outputs: Outputs,
  lock: () => Promise<Locked<L>>,
  decide: (locked: L, moment: Moment) => readonly Partial<Changes>[],
): Promise<void> {
  const { locked, moment } = await lock();
  const changes = guarded(() => decide(locked, moment));
  await apply(tx, joinChanges(changes), outputs, moment.nowMs);
}

function guarded<T>(decide: () => T): T {
  try {
    return decide();
  } catch (cause) {
    throw new DecideFailedError('deciding failed', { cause });
  }
}
