import { type VerificationOutcome } from '@latchkey/contracts';
import { type AttemptState } from './attempt.ts';
import { type FailureCount } from './counted-failure.ts';
import { type Channel } from './fact.ts';

/** A `verification.cancelled` that came before `requested`. */
export interface ParkedCancellation {
  readonly eventId: string;
  readonly takenAtMs: number;
  readonly place: number;
}

/** What the columns have no room for; JSON. */
export interface VerificationDetail {
  /** How many facts were parked so far: the place of the next one. */
  readonly parkedCount?: number;
  readonly cancellation?: ParkedCancellation;
}

/** A row of `verification`, without where its reports arrive. Instants are epoch milliseconds. */
export interface VerificationState {
  readonly verificationId: string;
  readonly state: 'pending' | VerificationOutcome;
  /** `undefined` until `requested` was applied. */
  readonly purpose: string | undefined;
  readonly personSource: string | undefined;
  readonly personExternalId: string | undefined;
  readonly requestedAtMs: number | undefined;
  /** The deadline, also where `requested` named none. A fact stamped at the deadline is late. */
  readonly expiresAtMs: number | undefined;
  /** As `requested` named them. */
  readonly maxAttempts: number | undefined;
  readonly maxFailures: number | undefined;
  /** The attempt that decided, its channel and method. */
  readonly attempt: string | undefined;
  readonly channel: Channel | undefined;
  readonly method: string | undefined;
  readonly decidedAtMs: number | undefined;
  /** Only where `state` is `verified`. */
  readonly validUntilMs: number | undefined;
  /** 0 while pending, then that of its message. */
  readonly generation: number;
  /**
   * The earliest moment at which time alone could change something: the deadline, the end of a grace period, the end
   * of a parked fact's time to wait. `undefined` where time changes nothing: it is final, or nothing is known yet.
   */
  readonly nextDeadlineAtMs: number | undefined;
  readonly detail: VerificationDetail;
}

/** A verification of which the question is known. */
export type RequestedVerification = VerificationState & {
  readonly purpose: string;
  readonly expiresAtMs: number;
};

/** Everything that a decision about one verification depends on. */
export interface VerificationWorld {
  readonly verification: VerificationState | undefined;
  /** All of this verification. */
  readonly attempts: readonly AttemptState[];
  /** The counter that `failureKeyOf` names; `undefined` where it has no row. */
  readonly failures: FailureCount | undefined;
  /** The epoch of new generations. */
  readonly epoch: number;
}

export function newVerification(verificationId: string): VerificationState {
  return {
    verificationId,
    state: 'pending',
    purpose: undefined,
    personSource: undefined,
    personExternalId: undefined,
    requestedAtMs: undefined,
    expiresAtMs: undefined,
    maxAttempts: undefined,
    maxFailures: undefined,
    attempt: undefined,
    channel: undefined,
    method: undefined,
    decidedAtMs: undefined,
    validUntilMs: undefined,
    generation: 0,
    nextDeadlineAtMs: undefined,
    detail: {},
  };
}

export function isRequested(
  verification: VerificationState,
): verification is RequestedVerification {
  return verification.purpose !== undefined && verification.expiresAtMs !== undefined;
}
