import {
  deleteDueWork,
  type LeasedWork,
  lockPace,
  lockWork,
  type PaceKey,
  saveFailedWork,
  savePace,
} from '@latchkey/postgres';
import { backOffMs } from '../steps/back-off.ts';
import type { IntakeContext } from '../steps/context.ts';
import { causeOf } from '../steps/data-error.ts';
import { decideAndApply } from '../steps/decide-and-apply.ts';
import { readMoment } from '../steps/moment.ts';
import type { DueKind } from './due-kind.ts';
import { FULL_SPEED, isSlowed, paceOnFailure } from './pace.ts';
import { workReview } from './work-review.ts';

/**
 * Sets an item aside that could not be decided: it comes again after a back-off, and at once under another policy or build; a
 * review says why. Nothing changes where it was decided meanwhile, or where another process tries it.
 *
 * @returns whether so many different items have failed in a row that one a minute is tried
 */
export function failItem(
  context: IntakeContext,
  kind: DueKind,
  item: LeasedWork,
  error: unknown,
): Promise<boolean> {
  const { db, policy, outputs, build } = context;
  const { itemId } = item;
  const key: PaceKey = { kind: kind.kind, policy: policy.hash, build };
  return db.transaction(async (tx) => {
    if (!(await kind.lock(tx, itemId))) {
      deleteDueWork(tx, kind.kind, [itemId]);
      return false;
    }
    const [work] = await tx.run(lockWork, { kind: kind.kind, itemId });
    if (work?.attempt !== item.attempt) return false;
    const [before = FULL_SPEED] = await tx.run(lockPace, key);
    const moment = await readMoment(tx, outputs);
    const pace = paceOnFailure(before, itemId, moment.nowMs);
    tx.finally(savePace, { ...key, failed: pace.failed, nextTryAtMs: pace.nextTryAtMs });
    kind.park?.(tx, itemId);
    const retryAtMs = moment.nowMs + backOffMs(item.attempt);
    saveFailedWork(tx, [{ ...item, ...key, kind: kind.kind, retryAtMs, cause: causeOf(error) }]);
    await decideAndApply(
      tx,
      outputs,
      () => Promise.resolve({ locked: item, moment }),
      (_, { nowMs }) => [{ reviews: [workReview(kind.reviewKind, itemId, error, policy, nowMs)] }],
    );
    return isSlowed(pace);
  });
}
