import { type ReportDisposition } from '@latchkey/contracts';
import {
  type AttemptDetail,
  type AttemptState,
  PARKED_FACTS_MAX_COUNT,
  type ParkedFact,
} from './attempt.ts';
import { lastNewsOf } from './call.ts';
import { dueOutcome } from './deadline.ts';
import { type Draft, saveAttempt } from './draft.ts';
import { type DecidingFact, type VerdictFact } from './fact.ts';
import { isSameName } from './name.ts';

/**
 * The fact waits on its attempt until what it is about is known. What an earlier fact states already is refused
 * at once, so that what waits is bounded by what can differ.
 */
export function parkFact(
  draft: Draft,
  attempt: AttemptState,
  fact: DecidingFact,
): ReportDisposition {
  const { parked = [] } = attempt.detail;
  const earlier = parked.find(
    (waiting) => waiting.takenAtMs <= fact.takenAtMs && isOfOnePrompt(waiting, fact),
  );
  if (earlier !== undefined) return dispositionBeside(earlier, fact);
  if (parked.length >= PARKED_FACTS_MAX_COUNT) return 'unknown_attempt';
  const waiting: ParkedFact = { ...fact, place: nextPlace(draft) };
  saveAttempt(draft, { ...attempt, detail: { ...attempt.detail, parked: [...parked, waiting] } });
  draft.decisions.push({ kind: 'fact_parked', attempt: attempt.attempt, eventId: fact.eventId });
  return 'accepted';
}

/** A cancellation waits on its verification until that is requested. */
export function parkCancellation(
  draft: Draft,
  { eventId, takenAtMs }: { readonly eventId: string; readonly takenAtMs: number },
): ReportDisposition {
  if (draft.verification.detail.cancellation !== undefined) return 'duplicate';
  const cancellation = { eventId, takenAtMs, place: nextPlace(draft) };
  const { verification } = draft;
  draft.verification = { ...verification, detail: { ...verification.detail, cancellation } };
  draft.decisions.push({ kind: 'fact_parked', attempt: undefined, eventId });
  return 'accepted';
}

/**
 * What has waited too long by `atMs` leaves nothing but a line in the audit trail. Nothing waits any more once
 * time has decided, stored or not: our lag must not change an answer.
 */
export function dropLapsed(draft: Draft, atMs: number): void {
  const { verification, policy } = draft;
  if (verification.state !== 'pending') return;
  const attempts = [...draft.attempts.values()];
  const untilMs = dueOutcome(verification, attempts, atMs, policy)?.atMs ?? atMs;
  dropLapsedCancellation(draft, untilMs);
  for (const attempt of attempts) {
    if (attempt.openedAtMs === undefined) dropLapsedFacts(draft, attempt, untilMs);
  }
}

function dropLapsedCancellation(draft: Draft, atMs: number): void {
  const { cancellation, ...detail } = draft.verification.detail;
  if (cancellation === undefined) return;
  if (atMs - cancellation.takenAtMs < draft.policy.parkedMs) return;
  draft.verification = { ...draft.verification, detail };
  draft.decisions.push({
    kind: 'parked_fact_dropped',
    attempt: undefined,
    eventId: cancellation.eventId,
    disposition: 'unknown_attempt',
  });
}

function dropLapsedFacts(draft: Draft, attempt: AttemptState, atMs: number): void {
  const { parked: waiting = [], ...call } = attempt.detail;
  const newsMs = lastNewsOf(call);
  const hasLapsed = (takenAtMs: number): boolean => atMs - takenAtMs >= draft.policy.parkedMs;
  const lapsed = waiting.filter((fact) => hasLapsed(fact.takenAtMs));
  const losesTelemetry = newsMs !== undefined && hasLapsed(newsMs);
  if (lapsed.length === 0 && !losesTelemetry) return;
  const parked = waiting.filter((fact) => !lapsed.includes(fact));
  // Of an attempt that is not opened nothing else is known.
  const kept: AttemptDetail = {
    ...(parked.length === 0 ? {} : { parked }),
    ...(losesTelemetry ? {} : call),
  };
  for (const { eventId } of lapsed) {
    const dropped = { attempt: attempt.attempt, eventId, disposition: 'unknown_attempt' } as const;
    draft.decisions.push({ kind: 'parked_fact_dropped', ...dropped });
  }
  if (losesTelemetry) {
    draft.decisions.push({ kind: 'telemetry_dropped', attempt: attempt.attempt });
  }
  saveAttempt(draft, { ...attempt, ...bindingLeft(kept), detail: kept });
}

/** Places count up, so that facts of one millisecond keep their order. */
function nextPlace(draft: Draft): number {
  const place = draft.verification.detail.parkedCount ?? 0;
  const detail = { ...draft.verification.detail, parkedCount: place + 1 };
  draft.verification = { ...draft.verification, detail };
  return place;
}

/**
 * Whether the first of two facts makes the second one redundant. A success may name too little for a purpose
 * that is not known yet, and then others still count.
 */
function isOfOnePrompt(one: DecidingFact, other: DecidingFact): boolean {
  switch (one.kind) {
    case 'opened':
      return other.kind === 'opened';
    case 'input':
      return other.kind === 'input' && one.step === other.step;
    case 'verdict':
      return other.kind === 'verdict' && leavesNothing(one, other);
  }
}

function leavesNothing(one: VerdictFact, other: VerdictFact): boolean {
  switch (one.verdict) {
    case 'inconclusive':
      return other.verdict === 'inconclusive';
    case 'verified':
      return other.verdict === 'verified' && isSameName(one.method, other.method);
    case 'rejected':
    case 'max_attempts':
    case 'expired':
    case 'cancelled':
      return true;
  }
}

function dispositionBeside(earlier: DecidingFact, fact: DecidingFact): ReportDisposition {
  if (isSameClaim(earlier, fact)) return 'duplicate';
  return fact.kind === 'input' ? 'contradictory_input' : 'contradictory';
}

function isSameClaim(one: DecidingFact, other: DecidingFact): boolean {
  switch (one.kind) {
    case 'opened':
      return other.kind === 'opened' && one.channel === other.channel;
    case 'input':
      return (
        other.kind === 'input' &&
        one.result === other.result &&
        isSameName(one.factor, other.factor)
      );
    case 'verdict':
      return other.kind === 'verdict' && one.verdict === other.verdict;
  }
}

/** Facts that never counted bind nothing. */
function bindingLeft({
  parked,
  ...call
}: AttemptDetail): Partial<Pick<AttemptState, 'platform' | 'session'>> {
  const isEmpty = parked === undefined && lastNewsOf(call) === undefined;
  return isEmpty ? { platform: undefined, session: undefined } : {};
}
