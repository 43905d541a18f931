import type { Tx } from '@latchkey/postgres';
import { apply } from './apply.ts';
import { type Changes, joinChanges } from './changes.ts';
import type { Locked } from './handler.ts';
import type { Moment } from './moment.ts';
import type { Outputs } from './outputs.ts';

/**
 * Decides about what is locked and applies it: the steps that every transaction shares which no delivery has started.
 *
 * @param lock - locks and reads everything that is decided about, then the moment
 */
export async function decideAndApply<L>(
  tx: Tx,
  outputs: Outputs,
  lock: () => Promise<Locked<L>>,
  decide: (locked: L, moment: Moment) => readonly Partial<Changes>[],
): Promise<Moment> {
  const { locked, moment } = await lock();
  await apply(tx, joinChanges(decide(locked, moment)), outputs, moment.nowMs);
  return moment;
}
