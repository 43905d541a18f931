import {
  appendAudit,
  appendAuditTexts,
  appendCallbacks,
  appendConflicts,
  appendDeadLetters,
  appendFacts,
  appendOutbox,
  deleteAssignments,
  dropHeads,
  growRecords,
  parkIdentities,
  saveAccounts,
  saveAssignments,
  saveAttempts,
  saveEngagements,
  saveFailedWork,
  saveFailureCounts,
  saveHeads,
  saveIdentities,
  saveTrimmedKeys,
  saveVerifications,
  settleClaims,
  suspendIdentities,
  type Tx,
} from '@latchkey/postgres';
import type { Changes, Effect } from './changes.ts';
import { messageOf, type Outputs } from './outputs.ts';
import { saveReviews } from './reviews/save-reviews.ts';

/**
 * Writes everything that was decided: a fixed number of statements for any size. All of it goes out in one round
 * trip with COMMIT, the outbox last, so that its lanes are locked as briefly as possible.
 */
export async function apply(
  tx: Tx,
  changes: Changes,
  outputs: Outputs,
  nowMs: number,
): Promise<void> {
  const effects = await applyState(tx, changes, nowMs);
  appendOutbox(
    tx,
    effects.map((effect) => messageOf(effect, outputs)),
  );
}

/** Writes everything but the outbox; returns the effects that belong there. */
export async function applyState(
  tx: Tx,
  changes: Changes,
  nowMs: number,
): Promise<readonly Effect[]> {
  const announced = await saveReviews(tx, changes, nowMs);
  settleClaims(tx, changes.claims);
  appendFacts(tx, changes.facts);
  // After the facts: each of these drops the head that it is not above.
  saveHeads(tx, changes.heads);
  dropHeads(tx, changes.droppedHeads);
  saveTrimmedKeys(tx, changes.replacedKeys, changes.trimmedKeys);
  saveEngagements(tx, changes.engagements);
  saveIdentities(tx, changes.identities);
  growRecords(tx, changes.grown);
  suspendIdentities(tx, changes.suspended);
  parkIdentities(
    tx,
    changes.handedOver.map(({ itemId }) => itemId),
  );
  saveFailedWork(tx, changes.handedOver);
  saveAccounts(tx, changes.accounts);
  saveAssignments(tx, changes.assignments);
  deleteAssignments(tx, changes.endedAssignments);
  saveVerifications(tx, changes.verifications);
  saveAttempts(tx, changes.attempts);
  appendCallbacks(tx, changes.callbacks);
  saveFailureCounts(tx, changes.failureCounts);
  appendAudit(tx, changes.audit);
  appendAuditTexts(tx, changes.auditTexts);
  appendDeadLetters(tx, changes.deadLetters);
  appendConflicts(tx, changes.conflicts);
  return [...changes.effects, ...announced];
}
