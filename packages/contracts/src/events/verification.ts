import { z } from 'zod';
import {
  dataOf,
  type Immutable,
  id,
  instant,
  oneOf,
  person,
  remark,
  wholeNumber,
} from './fields.ts';

export const SCORE_MAX = 1000;

const ATTEMPTS_MAX_COUNT = 1000;
const SCORE_EXPECTED = `a number from 0 to ${SCORE_MAX}`;

const call = z.object({ session: id, leg: id.optional() }, 'an object {session, leg?}');
const reported = { verification: id, attempt: id, platform: id };

export const requested = dataOf({
  verification: id,
  person: person.optional(),
  purpose: id,
  expiresAt: instant.optional(),
  maxAttempts: wholeNumber(1, ATTEMPTS_MAX_COUNT).optional(),
  maxFailures: wholeNumber(1, ATTEMPTS_MAX_COUNT).optional(),
});

export const attemptOpened = dataOf({
  ...reported,
  call: call.optional(),
  channel: oneOf(['voice', 'sms', 'email', 'app']),
});

export const callProgressed = dataOf({
  ...reported,
  call,
  status: oneOf(['queued', 'ringing', 'answered', 'ended']),
  answeredBy: oneOf(['human', 'machine']).optional(),
  sequence: wholeNumber(0, Number.MAX_SAFE_INTEGER).optional(),
  endReason: oneOf(['completed', 'busy', 'no_answer', 'failed', 'canceled']).optional(),
});

export const inputChecked = dataOf({
  ...reported,
  call,
  step: id,
  factor: id.optional(),
  result: oneOf(['match', 'mismatch', 'no_input']),
});

export const verdictReached = dataOf({
  ...reported,
  call: call.optional(),
  verdict: oneOf(['verified', 'rejected', 'inconclusive', 'max_attempts', 'expired', 'cancelled']),
  method: id.optional(),
  score: z.number(SCORE_EXPECTED).min(0, SCORE_EXPECTED).max(SCORE_MAX, SCORE_EXPECTED).optional(),
  decidedBy: id,
});

export const cancelled = dataOf({ verification: id, reason: remark });

/** A system asks whether a person is who they claim to be. */
export type RequestedData = Immutable<z.infer<typeof requested>>;
/** One call, message or prompt begins. */
export type AttemptOpenedData = Immutable<z.infer<typeof attemptOpened>>;
/** Telemetry of a call. */
export type CallProgressedData = Immutable<z.infer<typeof callProgressed>>;
/** The bridge has checked what was entered; the secret itself never travels. */
export type InputCheckedData = Immutable<z.infer<typeof inputChecked>>;
/** A platform or a bridge has decided about an attempt. */
export type VerdictReachedData = Immutable<z.infer<typeof verdictReached>>;
/** The question is withdrawn. */
export type VerificationCancelledData = Immutable<z.infer<typeof cancelled>>;
