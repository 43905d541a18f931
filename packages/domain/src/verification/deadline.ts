import {
  type EndedAttempt,
  type SettlingReason,
  type VerificationOutcome,
} from '@latchkey/contracts';
import {
  type AttemptState,
  attemptStateAt,
  graceEndOf,
  isEnded,
  OPENED_ATTEMPTS_MAX_COUNT,
} from './attempt.ts';
import { lastNewsOf } from './call.ts';
import { type VerificationPolicy } from './policy.ts';
import { isRequested, type VerificationState } from './verification.ts';

/** An outcome that follows from time alone. */
export interface DueOutcome {
  readonly outcome: Extract<VerificationOutcome, 'failed' | 'expired'>;
  /** When it became due, not when it was noticed. */
  readonly atMs: number;
  readonly attempt: string | undefined;
  readonly reason: SettlingReason;
}

interface End {
  readonly attempt: string;
  readonly state: EndedAttempt;
  readonly atMs: number;
}

/** The outcome that time has given a pending verification by `atMs`, stored or not. */
export function dueOutcome(
  verification: VerificationState,
  attempts: readonly AttemptState[],
  atMs: number,
  policy: VerificationPolicy,
): DueOutcome | undefined {
  if (verification.state !== 'pending' || !isRequested(verification)) return undefined;
  const deadlineMs = verification.expiresAtMs;
  const byAttempts = outcomeOfEnds(verification, attempts, Math.min(atMs, deadlineMs - 1), policy);
  if (byAttempts !== undefined) return byAttempts;
  if (atMs < deadlineMs) return undefined;
  return { outcome: 'expired', atMs: deadlineMs, attempt: undefined, reason: 'deadline' };
}

/** Attempts that `requested` allows, within what can be kept. */
export function attemptLimitOf(verification: VerificationState): number {
  return Math.min(verification.maxAttempts ?? Infinity, OPENED_ATTEMPTS_MAX_COUNT);
}

export function openedOf(attempts: Iterable<AttemptState>): AttemptState[] {
  return [...attempts].filter(({ openedAtMs }) => openedAtMs !== undefined);
}

/** The earliest moment at which `sweepVerification` could change something; `undefined`: none. */
export function nextDeadlineOf(
  verification: VerificationState,
  attempts: readonly AttemptState[],
  policy: VerificationPolicy,
): number | undefined {
  if (verification.state !== 'pending') return undefined;
  const { cancellation } = verification.detail;
  const deadlinesMs = [
    verification.expiresAtMs,
    cancellation === undefined ? undefined : cancellation.takenAtMs + policy.parkedMs,
    ...attempts.flatMap((attempt) => [
      graceEndOf(attempt, policy.graceMs),
      ...parkedUntilMs(attempt, policy),
    ]),
  ].filter((atMs) => atMs !== undefined);
  return deadlinesMs.length === 0 ? undefined : deadlinesMs.reduce((a, b) => Math.min(a, b));
}

/** Counts only where a grace period has ended an attempt: any other end was decided when it was applied. */
function outcomeOfEnds(
  verification: VerificationState,
  attempts: readonly AttemptState[],
  atMs: number,
  policy: VerificationPolicy,
): DueOutcome | undefined {
  const opened = openedOf(attempts);
  if (opened.every((attempt) => isEnded(attempt.state))) return undefined;
  const ends = opened.map((attempt) => endBy(attempt, atMs, policy.graceMs));
  if (!ends.every((end) => end !== undefined)) return undefined;
  const last = ends.reduce(laterEnd);
  const cause = { atMs: last.atMs, attempt: last.attempt };
  if (last.state === 'expired') return { outcome: 'expired', ...cause, reason: 'verdict' };
  if (opened.length < attemptLimitOf(verification)) return undefined;
  return { outcome: 'failed', ...cause, reason: 'attempts_exhausted' };
}

function endBy(attempt: AttemptState, atMs: number, graceMs: number): End | undefined {
  const state = attemptStateAt(attempt, atMs, graceMs);
  const endedAtMs = attempt.endedAtMs ?? graceEndOf(attempt, graceMs);
  if (!isEnded(state) || endedAtMs === undefined) return undefined;
  return { attempt: attempt.attempt, state, atMs: endedAtMs };
}

function laterEnd(one: End, other: End): End {
  if (one.atMs !== other.atMs) return one.atMs > other.atMs ? one : other;
  return other.state === 'expired' ? other : one;
}

function parkedUntilMs(attempt: AttemptState, { parkedMs }: VerificationPolicy): number[] {
  if (attempt.openedAtMs !== undefined || isEnded(attempt.state)) return [];
  const { parked = [], ...call } = attempt.detail;
  const newsMs = lastNewsOf(call);
  const takenAtMs = parked.map((fact) => fact.takenAtMs);
  return [...takenAtMs, ...(newsMs === undefined ? [] : [newsMs])].map((atMs) => atMs + parkedMs);
}
