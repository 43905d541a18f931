import {
  type EndedAttempt,
  type ReportDisposition,
  type VerificationOutcome,
} from '@latchkey/contracts';
import { type AttemptState, findStep, isSameInput } from './attempt.ts';
import { type AttemptFact, type InputFact, type OpenedFact, type Verdict } from './fact.ts';

/** The end of an attempt, and the state of its verification. */
export interface Ending {
  readonly attemptState: EndedAttempt;
  readonly verificationState: 'pending' | VerificationOutcome;
}

/**
 * What a report on an attempt that is over is recorded as; it changes nothing.
 *
 * @param attempt - `undefined` where no report named it before its verification settled
 */
export function dispositionAfterEnd(
  attempt: AttemptState | undefined,
  ending: Ending,
  fact: AttemptFact,
): ReportDisposition {
  switch (fact.kind) {
    case 'progress':
      return ending.attemptState === 'superseded' ? 'duplicate_other_channel' : 'late_telemetry';
    case 'opened':
      return openedAfterEnd(attempt, ending, fact);
    case 'input':
      return inputAfterEnd(attempt, ending, fact);
    case 'verdict':
      return verdictAfterEnd(ending, fact.verdict);
  }
}

function openedAfterEnd(
  attempt: AttemptState | undefined,
  { attemptState }: Ending,
  fact: OpenedFact,
): ReportDisposition {
  if (attemptState === 'superseded') return 'duplicate_other_channel';
  return attempt?.channel === fact.channel ? 'duplicate' : 'contradictory';
}

function inputAfterEnd(
  attempt: AttemptState | undefined,
  { attemptState }: Ending,
  fact: InputFact,
): ReportDisposition {
  const known = attempt === undefined ? undefined : findStep(attempt, fact.step);
  if (known !== undefined && !isSameInput(known, fact)) return 'contradictory_input';
  if (attemptState === 'superseded') return 'duplicate_other_channel';
  return known === undefined ? 'late_input' : 'duplicate';
}

function verdictAfterEnd(
  { attemptState, verificationState }: Ending,
  verdict: Verdict,
): ReportDisposition {
  if (attemptState === 'superseded') return verdictAfterOther(verificationState, verdict);
  if (verdict === 'inconclusive') return 'late_input';
  return verdict === attemptState ? 'duplicate' : 'contradictory';
}

/** Another channel decided: a claim that disagrees with what it decided contradicts. */
function verdictAfterOther(
  verificationState: Ending['verificationState'],
  verdict: Verdict,
): ReportDisposition {
  const claimsSuccess = verdict === 'verified';
  const claimsFailure = verdict === 'rejected' || verdict === 'max_attempts';
  const isVerified = verificationState === 'verified';
  const disagrees = isVerified ? claimsFailure : claimsSuccess;
  return disagrees ? 'contradictory' : 'duplicate_other_channel';
}
