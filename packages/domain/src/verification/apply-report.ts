import {
  type ReportDisposition,
  type RequestedData,
  resolveMoment,
  type VerificationEvent,
} from '@latchkey/contracts';
import { applyAttemptFact, isLate } from './apply-fact.ts';
import { isLocked } from './count-fact.ts';
import { dueOutcome } from './deadline.ts';
import { changesOf, type Draft, openDraft, type VerificationChanges } from './draft.ts';
import {
  type AttemptFact,
  factOfInput,
  factOfOpened,
  factOfProgress,
  factOfVerdict,
} from './fact.ts';
import { isSameName } from './name.ts';
import { dropLapsed, parkCancellation } from './park.ts';
import { type VerificationPolicy } from './policy.ts';
import { releaseAll, releaseAttempt } from './release.ts';
import { settleVerification } from './settle.ts';
import { isRequested, type VerificationState, type VerificationWorld } from './verification.ts';

export interface Report {
  readonly event: VerificationEvent;
  /** When the broker or the bridge stamped it. All deadlines count by this. */
  readonly takenAtMs: number;
}

export interface ReportOutcome extends VerificationChanges {
  readonly disposition: ReportDisposition;
  /** Of the attempt, else of the verification, after this report. */
  readonly finalState: string;
}

/**
 * Applies one report on a verification; reports may arrive in any order. Reports of one event id were
 * folded before; the same content under another id is a `duplicate` here.
 *
 * @param world - the verification, all of its attempts, and the counter that `failureKeyOf` names for this report
 * @throws RangeError when the world is not that of this report's verification
 */
export function applyReport(
  world: VerificationWorld,
  report: Report,
  policy: VerificationPolicy,
): ReportOutcome {
  const { data } = report.event;
  const draft = openDraft(world, data.verification, policy);
  dropLapsed(draft, report.takenAtMs);
  const disposition = dispositionOf(draft, report);
  const attempt = 'attempt' in data ? draft.attempts.get(data.attempt) : undefined;
  const finalState = attempt?.state ?? draft.verification.state;
  return { ...changesOf(draft, world), disposition, finalState };
}

function dispositionOf(draft: Draft, { event, takenAtMs }: Report): ReportDisposition {
  const stamped = { eventId: event.eventId, takenAtMs };
  switch (event.type) {
    case 'latchkey.verification.requested.v1':
      return applyRequested(draft, event.data, takenAtMs);
    case 'latchkey.verification.cancelled.v1':
      return applyCancellation(draft, stamped);
    case 'latchkey.verification.attempt-opened.v1':
      return applyReported(draft, event.data, factOfOpened(event.data, stamped));
    case 'latchkey.verification.call-progressed.v1':
      return applyReported(draft, event.data, factOfProgress(event.data, stamped));
    case 'latchkey.verification.input-checked.v1':
      return applyReported(draft, event.data, factOfInput(event.data, stamped));
    case 'latchkey.verification.verdict-reached.v1':
      return applyReported(
        draft,
        event.data,
        factOfVerdict(event.data, stamped, draft.policy.scoreThreshold),
      );
  }
}

function applyRequested(draft: Draft, data: RequestedData, takenAtMs: number): ReportDisposition {
  if (isRequested(draft.verification)) {
    return isSameQuestion(draft.verification, data) ? 'duplicate' : 'contradictory';
  }
  const { purpose, person, expiresAt, maxAttempts, maxFailures } = data;
  const expiresAtMs =
    expiresAt === undefined ? takenAtMs + draft.policy.validityMs : resolveMoment(expiresAt);
  draft.verification = {
    ...draft.verification,
    purpose,
    personSource: person?.source,
    personExternalId: person?.externalId,
    requestedAtMs: takenAtMs,
    expiresAtMs,
    maxAttempts,
    maxFailures,
  };
  draft.decisions.push({ kind: 'requested', purpose });
  const decided = { atMs: takenAtMs, attempt: undefined };
  if (takenAtMs >= expiresAtMs) {
    settleVerification(draft, { outcome: 'expired', ...decided, reason: 'deadline' });
  } else if (isLocked(draft, takenAtMs)) {
    settleVerification(draft, { outcome: 'locked', ...decided, reason: 'too_many_failures' });
  } else {
    release(draft, takenAtMs);
  }
  return 'accepted';
}

function isSameQuestion(known: VerificationState, data: RequestedData): boolean {
  const { purpose, person, expiresAt, maxAttempts, maxFailures } = data;
  return (
    isSameName(known.purpose, purpose) &&
    known.personSource === person?.source &&
    known.personExternalId === person?.externalId &&
    known.maxAttempts === maxAttempts &&
    known.maxFailures === maxFailures &&
    (expiresAt === undefined || known.expiresAtMs === resolveMoment(expiresAt))
  );
}

/** Everything that waited for the question counts now; a cancellation at its place among the facts. */
function release(draft: Draft, atMs: number): void {
  releaseAll(draft, atMs, () => {
    const { cancellation, ...detail } = draft.verification.detail;
    if (cancellation === undefined) return;
    draft.verification = { ...draft.verification, detail };
    const { eventId, takenAtMs } = cancellation;
    const disposition = applyCancellation(draft, { eventId, takenAtMs }, atMs);
    draft.decisions.push({ kind: 'parked_fact_taken', attempt: undefined, eventId, disposition });
  });
}

function applyCancellation(
  draft: Draft,
  stamped: { readonly eventId: string; readonly takenAtMs: number },
  decidedAtMs: number = stamped.takenAtMs,
): ReportDisposition {
  const { verification, policy } = draft;
  const { takenAtMs } = stamped;
  if (verification.state === 'cancelled') return 'duplicate';
  const due = dueOutcome(verification, [...draft.attempts.values()], takenAtMs, policy);
  const state = due?.outcome ?? verification.state;
  if (isLate({ ...verification, state }, takenAtMs)) return 'stale_known';
  if (state !== 'pending') return 'contradictory';
  if (!isRequested(verification)) return parkCancellation(draft, stamped);
  const decided = { atMs: decidedAtMs, attempt: undefined };
  settleVerification(draft, { outcome: 'cancelled', ...decided, reason: 'cancelled' });
  return 'accepted';
}

function applyReported(
  draft: Draft,
  data: {
    readonly attempt: string;
    readonly platform: string;
    readonly call?: { readonly session: string } | undefined;
  },
  fact: AttemptFact,
): ReportDisposition {
  const call = { platform: data.platform, session: data.call?.session };
  const isOpened = (): boolean => draft.attempts.get(data.attempt)?.openedAtMs !== undefined;
  const wasOpened = isOpened();
  const disposition = applyAttemptFact(draft, data.attempt, call, fact, fact.takenAtMs);
  if (!wasOpened && isOpened()) releaseAttempt(draft, data.attempt, fact.takenAtMs);
  return disposition;
}
