import { z } from 'zod';
import { type Immutable, name } from '../effects/fields.ts';
import { verificationOutcome } from '../effects/verification.ts';
import { oneOf } from '../events/fields.ts';
import { callProgressed, inputChecked } from '../events/verification.ts';
import { count, qualifiedEventId, reasonHash } from './fields.ts';

export const openAttempt = oneOf(['open', 'collecting', 'checking']);

export const endedAttempt = oneOf([
  'verified',
  'rejected',
  'max_attempts',
  'expired',
  'cancelled',
  'no_answer',
  'busy',
  'unreachable',
  'hung_up',
  'superseded',
]);

/** The last four arise only where callbacks arrive by HTTP. */
export const reportDisposition = oneOf([
  'accepted',
  'progress',
  'duplicate',
  'duplicate_other_channel',
  'contradictory',
  'contradictory_input',
  'late_telemetry',
  'late_input',
  'out_of_order',
  'stale_known',
  'unknown_attempt',
  'call_mismatch',
  'stale_unknown',
  'bad_signature',
  'malformed',
  'no_database',
]);

export const settlingReason = oneOf([
  'verdict',
  'factors_matched',
  'too_many_failures',
  'call_ended',
  'deadline',
  'cancelled',
  'attempts_exhausted',
  'decided_elsewhere',
]);

/** A report about a verification was recorded; first in the entry of its event. */
export const reportRecorded = z.object({
  kind: z.literal('report'),
  disposition: reportDisposition,
  reasonHash: reasonHash.optional(),
});

const attempt = name;

/** A parked fact; without `attempt` it is about the verification as a whole. */
const parked = { attempt: attempt.optional(), eventId: qualifiedEventId };

/** Every decision about a verification but `report`. They name no person and no secret. */
export const verificationDecisions = [
  z.object({ kind: z.literal('requested'), purpose: name }),
  z.object({ kind: z.literal('attempt_opened'), attempt }),
  z.object({ kind: z.literal('call_bound'), attempt }),
  z.object({
    kind: z.literal('call_progressed'),
    attempt,
    status: callProgressed.shape.status,
  }),
  // More legs than are tracked: from now on only the end of the session ends the attempt.
  z.object({ kind: z.literal('legs_exceeded'), attempt }),
  z.object({
    kind: z.literal('step_taken'),
    attempt,
    step: name,
    result: inputChecked.shape.result,
  }),
  // A `verified` verdict that names too few factors to verify; `factors`: those of the purpose that it names.
  z.object({ kind: z.literal('factors_claimed'), attempt, factors: z.array(name) }),
  z.object({ kind: z.literal('fact_parked'), ...parked }),
  // A parked fact counts now, or is refused because of what is known by now.
  z.object({
    kind: z.literal('parked_fact_taken'),
    ...parked,
    disposition: reportDisposition,
  }),
  // What it is about did not arrive in time, or arrived too late.
  z.object({
    kind: z.literal('parked_fact_dropped'),
    ...parked,
    disposition: reportDisposition,
  }),
  // The policy has other periods than when the deadline was stored. `deadlineMs`: epoch milliseconds;
  // absent where time alone changes nothing any more.
  z.object({ kind: z.literal('deadline_moved'), deadlineMs: z.number().optional() }),
  z.object({ kind: z.literal('telemetry_dropped'), attempt }),
  z.object({ kind: z.literal('failure_counted'), attempt, count, limit: count }),
  z.object({ kind: z.literal('failures_cleared'), count }),
  z.object({
    kind: z.literal('attempt_ended'),
    attempt,
    from: z.enum([...openAttempt.options, ...endedAttempt.options]),
    to: endedAttempt,
    reason: settlingReason,
  }),
  z.object({
    kind: z.literal('verification_settled'),
    outcome: verificationOutcome,
    attempt: attempt.optional(),
    reason: settlingReason,
  }),
] as const;

export type OpenAttempt = z.infer<typeof openAttempt>;
/** How an attempt ended. */
export type EndedAttempt = z.infer<typeof endedAttempt>;
/** The outcome of one report. */
export type ReportDisposition = z.infer<typeof reportDisposition>;
/** Why an attempt or a verification came to its state. */
export type SettlingReason = z.infer<typeof settlingReason>;
/** One change of a verification or of an attempt, or of what is known about it. */
export type VerificationDecision = Immutable<z.infer<(typeof verificationDecisions)[number]>>;
