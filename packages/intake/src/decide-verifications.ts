import {
  failureKeyOf,
  failureKeyOfState,
  type Policy,
  type Report,
  sweepVerification,
  type Taken,
  takeReport,
  type VerificationChanges,
} from '@latchkey/domain';
import type { AuditEntry, DueVerificationRow } from '@latchkey/postgres';
import { type Changes, type Effect, joinChanges } from './changes.ts';
import type { ClaimedVerificationEvent, LockedVerifications } from './lock-verifications.ts';
import type { Moment } from './moment.ts';
import { VerificationDraft } from './verification-draft.ts';

/** Decides what reports change, one after the other in the order of the batch. */
export function decideVerifications(
  claimed: readonly ClaimedVerificationEvent[],
  locked: LockedVerifications,
  policy: Policy,
  { nowMs, epoch }: Moment,
): Changes {
  const draft = new VerificationDraft(locked, epoch);
  const parts = claimed.map(({ event, delivery }): Partial<Changes> => {
    const id = event.data.verification;
    const report: Report = { event, takenAtMs: delivery.takenAtMs };
    const world = draft.world(id, failureKeyOf(draft.verification(id), event));
    const taken = takeReport(world, report, policy.verification);
    draft.keep(id, taken);
    return reportChanges(report, taken, policy, nowMs);
  });
  return joinChanges([...parts, draft.changes()]);
}

/** Decides verifications whose deadline has passed in what was read of their input. */
export function decideDueVerifications(
  rows: readonly DueVerificationRow[],
  locked: LockedVerifications,
  policy: Policy,
  { nowMs, epoch }: Moment,
): Changes {
  const draft = new VerificationDraft(locked, epoch);
  const parts = rows.flatMap(
    ({ verificationId: id, readThroughMs }): readonly Partial<Changes>[] => {
      const state = draft.verification(id);
      const key = state?.purpose === undefined ? undefined : failureKeyOfState(state);
      const world = draft.world(id, key);
      const changes = sweepVerification(world, { nowMs, readThroughMs }, policy.verification);
      if (changes === undefined) return [];
      draft.keep(id, changes);
      const audit = auditEntry(id, changes, policy, nowMs);
      return [
        { effects: settledEffects(id, changes, nowMs), audit: [{ ...audit, trigger: 'clock' }] },
      ];
    },
  );
  return joinChanges([...parts, draft.changes()]);
}

function reportChanges(
  { event, takenAtMs }: Report,
  taken: Taken,
  policy: Policy,
  nowMs: number,
): Partial<Changes> {
  const { eventId, fingerprint, type, data, traceparent, tracestate } = event;
  const { disposition, finalState } = taken;
  const audit = auditEntry(data.verification, taken, policy, nowMs);
  const decisions = JSON.stringify([{ kind: 'report', disposition }, ...taken.decisions]);
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
    effects: settledEffects(data.verification, taken, nowMs).map((effect) => ({
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
