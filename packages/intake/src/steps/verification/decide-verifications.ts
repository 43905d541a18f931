import type { AuditDecision, VerificationEvent } from '@latchkey/contracts';
import {
  foldDue,
  foldReports,
  type LockedVerifications,
  type Policy,
  type ReportOutcome,
  type VerificationChanges,
} from '@latchkey/domain';
import type { AuditEntry, DueVerificationRow } from '@latchkey/postgres';
import { auditOf, type Cause, reasonOf } from '../audit.ts';
import { type Changes, type Effect, joinChanges } from '../changes.ts';
import type { ClaimedEvent } from '../claim.ts';
import type { Decided } from '../handler.ts';
import type { Moment } from '../moment.ts';
import type { DeliveryOutcome } from '../outcome.ts';
import { verificationChanges } from './verification-changes.ts';

type ClaimedReport = ClaimedEvent<VerificationEvent>;

/** Decides what reports change, in the order given. */
export function decideVerifications(
  claimed: readonly ClaimedReport[],
  locked: LockedVerifications,
  policy: Policy,
  { nowMs, epoch }: Moment,
): Decided {
  const reports = claimed.map(({ event, delivery: { takenAtMs } }) => ({ event, takenAtMs }));
  const folded = foldReports(locked, reports, { policy: policy.verification, epoch });
  const parts = folded.outcomes.flatMap((outcome, at) => {
    const one = claimed[at];
    return one === undefined ? [] : [reportChanges(one, outcome, policy, nowMs)];
  });
  return {
    changes: joinChanges([...parts, verificationChanges(folded.changed)]),
    outcomes: folded.outcomes.map(outcomeOf),
  };
}

/** The answer is the text that a later claim of the event reads back from the row of the report. */
function outcomeOf({ disposition, finalState }: ReportOutcome): DeliveryOutcome {
  return {
    disposition: 'applied',
    answer: JSON.stringify({ disposition, finalState }),
    failure: undefined,
    undeclared: 0,
    undecided: false,
  };
}

/** Decides verifications whose deadline has passed in what was read of their input. */
export function decideDueVerifications(
  rows: readonly DueVerificationRow[],
  locked: LockedVerifications,
  policy: Policy,
  { nowMs, epoch }: Moment,
): Changes {
  const folded = foldDue(locked, rows, nowMs, { policy: policy.verification, epoch });
  const parts = folded.outcomes.map(
    ({ verificationId: id, changes }): Partial<Changes> => ({
      effects: settledEffects(id, changes, nowMs),
      audit: [auditEntry(id, changes.decisions, { trigger: 'clock' }, policy, nowMs)],
    }),
  );
  return joinChanges([...parts, verificationChanges(folded.changed)]);
}

function reportChanges(
  { event, origin, delivery }: ClaimedReport,
  outcome: ReportOutcome,
  policy: Policy,
  nowMs: number,
): Partial<Changes> {
  const { eventId, fingerprint, type, data, traceparent, tracestate } = event;
  const { disposition, finalState } = outcome;
  const reason = reasonOf(data.verification, event);
  const decisions: AuditDecision[] = [
    { kind: 'report', disposition, ...reason.named },
    ...outcome.decisions,
  ];
  const cause = { trigger: 'event', eventId, origin } as const;
  return {
    callbacks: [
      {
        eventId,
        origin: origin.kind,
        fingerprint: fingerprint.toString('hex'),
        verificationId: data.verification,
        attempt: 'attempt' in data ? data.attempt : undefined,
        type,
        disposition,
        finalState,
        data: JSON.stringify(data),
        takenAtMs: delivery.takenAtMs,
      },
    ],
    audit: [auditEntry(data.verification, decisions, cause, policy, nowMs)],
    auditTexts: reason.texts,
    effects: settledEffects(data.verification, outcome, nowMs).map((effect) => ({
      ...effect,
      traceparent,
      tracestate,
    })),
  };
}

function settledEffects(
  verification: string,
  { settled }: VerificationChanges,
  nowMs: number,
): readonly Effect[] {
  if (settled === undefined) return [];
  return [
    {
      type: 'latchkey.verification.settled.v1',
      key: verification,
      object: verification,
      generation: BigInt(settled.generation),
      data: settled,
      decidedAtMs: nowMs,
      traceparent: undefined,
      tracestate: undefined,
    },
  ];
}

function auditEntry(
  verification: string,
  decisions: readonly AuditDecision[],
  cause: Cause,
  policy: Policy,
  nowMs: number,
): AuditEntry {
  return auditOf({
    subject: { subjectKind: 'verification', subjectId: verification },
    cause,
    decisions,
    owner: policy.owner,
    policyHash: policy.hash,
    nowMs,
  });
}
