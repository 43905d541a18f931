import { isDecidedByFacts } from '@latchkey/domain';

/** Why something could not be decided: resolved by the decision, opened again where it fails again. */
const FAILURE_KINDS: ReadonlySet<string> = new Set([
  'clock_failed',
  'identity_undecided',
  'sweep_failed',
]);

/** Whether a review of this kind that was resolved is opened again by the same cause. */
export function opensAgain(kind: string): boolean {
  return isDecidedByFacts(kind) || FAILURE_KINDS.has(kind);
}

/** How a review of this kind ends by itself; see `ReviewResolvedData`. */
export function resolutionOf(kind: string): string {
  if (FAILURE_KINDS.has(kind)) return 'decided';
  return isDecidedByFacts(kind) ? 'facts_agree' : 'became_known';
}
