import { type VerificationOutcome } from '@latchkey/contracts';
import { type AttemptState, type EndedAttempt } from './attempt.ts';
import { type Disposition } from './disposition.ts';
import { type CallStatus, type InputResult } from './fact.ts';

/** Why an attempt or a verification came to its state. */
export type SettlingReason =
  | 'verdict'
  | 'factors_matched'
  | 'too_many_failures'
  | 'call_ended'
  | 'deadline'
  | 'cancelled'
  | 'attempts_exhausted'
  | 'decided_elsewhere';

/** One line of the audit trail. Whatever changed has at least one; it names no person and no secret. */
export type VerificationDecision =
  | { readonly kind: 'requested'; readonly purpose: string }
  | { readonly kind: 'attempt_opened'; readonly attempt: string }
  | { readonly kind: 'call_bound'; readonly attempt: string }
  | { readonly kind: 'call_progressed'; readonly attempt: string; readonly status: CallStatus }
  /** More legs than are told apart: only the end of the session ends the attempt from now on. */
  | { readonly kind: 'legs_exceeded'; readonly attempt: string }
  | {
      readonly kind: 'step_taken';
      readonly attempt: string;
      readonly step: string;
      readonly result: InputResult;
    }
  | {
      /** A `verified` verdict that names too little to verify; the factors of the purpose that it names. */
      readonly kind: 'factors_claimed';
      readonly attempt: string;
      readonly factors: readonly string[];
    }
  | { readonly kind: 'fact_parked'; readonly attempt: string | undefined; readonly eventId: string }
  | {
      /** A parked fact counts now, or is refused for what has become known. */
      readonly kind: 'parked_fact_taken';
      readonly attempt: string | undefined;
      readonly eventId: string;
      readonly disposition: Disposition;
    }
  | {
      /** What it speaks of did not come in time, or comes too late. */
      readonly kind: 'parked_fact_dropped';
      readonly attempt: string | undefined;
      readonly eventId: string;
      readonly disposition: Disposition;
    }
  | {
      /** The policy has other periods than when the deadline was noted; nothing else changed. */
      readonly kind: 'deadline_moved';
      /** Epoch milliseconds; none where time alone changes nothing any more. */
      readonly deadlineMs?: number;
    }
  | { readonly kind: 'telemetry_dropped'; readonly attempt: string }
  | {
      readonly kind: 'failure_counted';
      readonly attempt: string;
      readonly count: number;
      readonly limit: number;
    }
  | { readonly kind: 'failures_cleared'; readonly count: number }
  | {
      readonly kind: 'attempt_ended';
      readonly attempt: string;
      readonly from: AttemptState['state'];
      readonly to: EndedAttempt;
      readonly reason: SettlingReason;
    }
  | {
      readonly kind: 'verification_settled';
      readonly outcome: VerificationOutcome;
      readonly attempt: string | undefined;
      readonly reason: SettlingReason;
    };
