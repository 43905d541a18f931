import { type CurrentAccount } from '../desired/account.ts';
import { type EngagementTimeline } from '../record/bridge-gaps.ts';

/**
 * The earliest moment after `afterMs` at which anything could be decided differently, though no fact comes:
 * something about an engagement changes, or an account is to be deleted. `undefined`: never.
 */
export function nextMomentAfter(
  engagements: readonly EngagementTimeline[],
  accounts: readonly CurrentAccount[],
  afterMs: number,
): number | undefined {
  let nextMs = Number.POSITIVE_INFINITY;
  for (const { timeline } of engagements) {
    for (const { fromMs } of timeline) if (fromMs > afterMs && fromMs < nextMs) nextMs = fromMs;
  }
  for (const { deleteAtMs } of accounts) {
    if (deleteAtMs !== undefined && deleteAtMs > afterMs) nextMs = Math.min(nextMs, deleteAtMs);
  }
  return nextMs === Number.POSITIVE_INFINITY ? undefined : nextMs;
}
