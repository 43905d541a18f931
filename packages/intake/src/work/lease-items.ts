import {
  type LeasedWork,
  leaseTriedWork,
  lockPace,
  lockTriedWork,
  type PaceKey,
  savePace,
  type Tx,
} from '@latchkey/postgres';
import { backOffMs } from '../steps/back-off.ts';
import type { IntakeContext } from '../steps/context.ts';
import type { DueKind, RoundLimits } from './due-kind.ts';
import { FULL_SPEED, isSlowed, mayTry, paceOnTry } from './pace.ts';
import { workReviewIds } from './work-review.ts';

/** Items of which this process has the leases. */
export interface Leased {
  readonly items: readonly LeasedWork[];
  /** Reviews that are resolved once the items are decided. */
  readonly reviews: readonly string[];
  readonly isSlowed: boolean;
}

/**
 * Leases fresh items, or where there are none one that was tried before; while the pace is slowed one item a minute, a fresh one
 * if there is one.
 */
export function leaseItems(
  { db, policy, build }: IntakeContext,
  kind: DueKind,
  limits: RoundLimits,
): Promise<Leased> {
  const key: PaceKey = { kind: kind.kind, policy: policy.hash, build };
  return db.transaction(async (tx) => {
    const [locked] = await tx.run(lockPace, key);
    const pace = locked ?? FULL_SPEED;
    const slowed = isSlowed(pace);
    if (locked !== undefined && !mayTry(pace, locked.nowMs)) {
      return { items: [], reviews: [], isSlowed: slowed };
    }
    const limit = slowed ? 1 : limits.maxItems;
    const { maxFactBytes: maxBytes, leaseMs } = limits;
    const fresh = await kind.leaseFresh(tx, { ...key, limit, maxBytes, leaseMs });
    const leased =
      fresh.length > 0 ? { items: fresh, reviews: [] } : await leaseTried(tx, kind, key, leaseMs);
    if (locked !== undefined && slowed && leased.items.length > 0) {
      tx.finally(savePace, { ...key, ...paceOnTry(pace, locked.nowMs) });
    }
    return { ...leased, isSlowed: slowed };
  });
}

/** An item that ends the process comes again as late as one that fails; another release does not wait for it. */
async function leaseTried(
  tx: Tx,
  { reviewKind }: DueKind,
  key: PaceKey,
  leaseMs: number,
): Promise<Pick<Leased, 'items' | 'reviews'>> {
  const [tried] = await tx.run(lockTriedWork, key);
  if (tried === undefined) return { items: [], reviews: [] };
  const { itemId, dueAtMs, failedUnder, nowMs } = tried;
  const attempt = tried.attempt + 1;
  const leaseUntilMs = nowMs + leaseMs;
  const retryAtMs = leaseUntilMs + backOffMs(attempt);
  await tx.run(leaseTriedWork, { ...key, itemId, leaseUntilMs, retryAtMs });
  return {
    items: [{ itemId, dueAtMs, attempt }],
    reviews: workReviewIds(reviewKind, itemId, failedUnder),
  };
}
