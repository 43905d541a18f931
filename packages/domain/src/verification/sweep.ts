import { type AttemptState, graceEndOf } from './attempt.ts';
import { endedStateOf } from './call.ts';
import { dueOutcome, nextDeadlineOf } from './deadline.ts';
import { changesOf, type Draft, openDraft, type VerificationChanges } from './draft.ts';
import { dropLapsed } from './park.ts';
import { type VerificationPolicy } from './policy.ts';
import { endAttempt, settleVerification } from './settle.ts';
import { type VerificationWorld } from './verification.ts';

export interface SweepClock {
  readonly nowMs: number;
  /** All reports of this verification that were stamped before it have been read. */
  readonly readThroughMs: number;
}

/**
 * Records what time has decided: grace periods that are over, facts that waited too long, the deadline.
 * Each counts at the moment at which it became due. Nothing is decided while a report about it could still be unread,
 * so a reader that lags expires no verification.
 *
 * @returns what to write: afterwards `nextDeadlineAtMs` is `undefined` or later than both clocks. `undefined` where
 * nothing is to be written, which is always so while `nextDeadlineAtMs` is `undefined` or later than one of them
 */
export function sweepVerification(
  world: VerificationWorld,
  { nowMs, readThroughMs }: SweepClock,
  policy: VerificationPolicy,
): VerificationChanges | undefined {
  const { verification } = world;
  if (verification?.state !== 'pending') return undefined;
  const dueMs = Math.min(nowMs, readThroughMs);
  if (verification.nextDeadlineAtMs === undefined || verification.nextDeadlineAtMs > dueMs) {
    return undefined;
  }
  const draft = openDraft(world, verification.verificationId, policy);
  settleDue(draft, dueMs);
  moveDeadline(draft);
  const changes = changesOf(draft, world);
  return changes.decisions.length === 0 ? undefined : changes;
}

function settleDue(draft: Draft, dueMs: number): void {
  const { verification, policy } = draft;
  dropLapsed(draft, dueMs);
  const attempts = [...draft.attempts.values()];
  const outcome = dueOutcome(verification, attempts, dueMs, policy);
  const beforeMs = Math.min(verification.expiresAtMs ?? Infinity, (outcome?.atMs ?? dueMs) + 1);
  for (const { attempt, endMs } of graceEnds(draft, attempts)) {
    if (endMs >= beforeMs) break;
    endAttempt(draft, attempt, endedStateOf(attempt.detail), endMs, 'call_ended');
  }
  if (outcome !== undefined) settleVerification(draft, outcome);
}

/** A deadline of another policy than this one's: nothing is due, and it must not be found due again and again. */
function moveDeadline({ verification, attempts, policy, decisions }: Draft): void {
  if (decisions.length > 0) return;
  const deadlineMs = nextDeadlineOf(verification, [...attempts.values()], policy);
  if (deadlineMs === verification.nextDeadlineAtMs) return;
  decisions.push({ kind: 'deadline_moved', ...(deadlineMs === undefined ? {} : { deadlineMs }) });
}

/** Grace periods that still run, the first to end first. */
function graceEnds(
  { policy }: Draft,
  attempts: readonly AttemptState[],
): readonly { readonly attempt: AttemptState; readonly endMs: number }[] {
  return attempts
    .flatMap((attempt) => {
      const endMs = graceEndOf(attempt, policy.graceMs);
      return endMs === undefined ? [] : [{ attempt, endMs }];
    })
    .toSorted((a, b) => a.endMs - b.endMs);
}
