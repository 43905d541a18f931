import {
  foldDue,
  foldReports,
  type LockedVerifications,
  type Policy,
  type Report,
  type ReportOutcome,
  type VerificationChanges,
} from '@latchkey/domain';
import type { AuditEntry, DueVerificationRow } from '@latchkey/postgres';
import { type Changes, type Effect, joinChanges } from './changes.ts';
import type { ClaimedVerificationEvent } from './lock-verifications.ts';
import type { Moment } from './moment.ts';
import { verificationChanges } from './verification-draft.ts';

/** Decides what reports change, one after the other in the order of the batch. */
export function decideVerifications(
  claimed: readonly ClaimedVerificationEvent[],
  locked: LockedVerifications,
  policy: Policy,
  { nowMs, epoch }: Moment,
): Changes {
  const reports = claimed.map(({ event, delivery: { takenAtMs } }) => ({ event, takenAtMs }));
  const folded = foldReports(locked, reports, { policy: policy.verification, epoch });
  const parts = folded.outcomes.flatMap((outcome, at) => {
    const report = reports[at];
    return report === undefined ? [] : [reportChanges(report, outcome, policy, nowMs)];
  });
  return joinChanges([...parts, verificationChanges(folded.changed)]);
}

/** Decides verifications whose deadline has passed in what was read of their input. */
export function decideDueVerifications(
  rows: readonly DueVerificationRow[],
  locked: LockedVerifications,
  policy: Policy,
  { nowMs, epoch }: Moment,
): Changes {
  const folded = foldDue(locked, rows, nowMs, { policy: policy.verification, epoch });
  const parts = folded.outcomes.map(({ verificationId: id, changes }): Partial<Changes> => {
    const audit = auditEntry(id, changes, policy, nowMs);
    return { effects: settledEffects(id, changes, nowMs), audit: [{ ...audit, trigger: 'clock' }] };
  });
  return joinChanges([...parts, verificationChanges(folded.changed)]);
}

function reportChanges(
  { event, takenAtMs }: Report,
  outcome: ReportOutcome,
  policy: Policy,
  nowMs: number,
): Partial<Changes> {
  const { eventId, fingerprint, type, data, traceparent, tracestate } = event;
  const { disposition, finalState } = outcome;
  const audit = auditEntry(data.verification, outcome, policy, nowMs);
  const decisions = JSON.stringify([{ kind: 'report', disposition }, ...outcome.decisions]);
  return {
    callbacks: [
      {
        eventId,
        fingerprint: fingerprint.toString('hex'),
        verificationId: data.verification,
        attempt: 'attempt' in data ? data.attempt : undefined,
        type,
        disposition,
        finalState,
        data: JSON.stringify(data),
        takenAtMs,
      },
    ],
    audit: [{ ...audit, eventId, decisions }],
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
  { decisions }: VerificationChanges,
  policy: Policy,
  nowMs: number,
): AuditEntry {
  return {
    decidedAtMs: nowMs,
    subjectKind: 'verification',
    subjectId: verification,
    trigger: 'event',
    eventId: undefined,
    decider: `policy:${policy.hash}`,
    owner: policy.owner,
    decisions: JSON.stringify(decisions),
  };
}
