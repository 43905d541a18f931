import { changeReason, type Occasion } from './change-reason.ts';
import { type Attribution } from './decision.ts';
import { type Difference } from './diff.ts';
import { type Due } from './due.ts';

/** What brought about a difference of the account in a target. */
export type AttributionOf = (target: string, difference: Difference) => Attribution;

/**
 * What was due anyway is the clock's; the rest is for the facts that arrived. Where there are none, it is a
 * correction of what another policy had decided.
 */
export function createAttribution(due: Due, occasion: Occasion): AttributionOf {
  const dueKeys = new Set(
    due.settled?.accounts.flatMap(({ after, differences }) =>
      differences.map((difference) => keyOf(after.target, difference)),
    ),
  );
  const facts = occasion.facts.map(({ eventId }) => eventId);
  return (target, difference) =>
    dueKeys.has(keyOf(target, difference))
      ? { reason: 'clock', causes: due.causes }
      : { reason: changeReason(difference.kind, occasion), causes: facts };
}

function keyOf(target: string, { kind, entitlement }: Difference): string {
  return `${target}\n${kind}\n${entitlement ?? ''}`;
}
