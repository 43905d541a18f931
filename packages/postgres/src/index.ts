export type { AccountRow, AssignmentRow } from './accounts/account-rows.ts';
export {
  deleteAssignments,
  listAccounts,
  listAssignments,
  saveAccounts,
  saveAssignments,
} from './accounts/accounts.ts';
export {
  accountColumns,
  adoptAccounts,
  type PublishedAccount,
} from './accounts/adopt-accounts.ts';
export { type AuditEntry, appendAudit } from './audit/append-audit.ts';
export { type AuditText, appendAuditTexts } from './audit/append-audit-texts.ts';
export { makeAuditPartitions } from './audit/audit-partitions.ts';
export { SEQUENCE_MAX_ENTRIES, sequenceAudit } from './audit/sequence-audit.ts';
export { checkSchema } from './check-schema.ts';
export { appendConflicts, type NewConflict } from './dead-letters/append-conflicts.ts';
export { appendDeadLetters, type NewDeadLetter } from './dead-letters/append-dead-letters.ts';
export {
  type DeadLetterRow,
  lockClaim,
  lockDeadLetter,
  markGivenUpAgain,
  markRedriven,
} from './dead-letters/redrive.ts';
export { appendFacts } from './facts/append-facts.ts';
export {
  type BlockSwitchRow,
  listNamedSwitches,
  listSwitchesOn,
  type NamedSwitch,
  switchesOf,
  type WantedSwitches,
} from './facts/block-switches.ts';
export {
  type CheckpointRow,
  dropHeads,
  findRowKeys,
  listCheckpoints,
  type RowKeyRow,
  type SavedHead,
  saveHeads,
  saveTrimmedKeys,
} from './facts/checkpoints.ts';
export {
  type EngagementRowKey,
  type FactRow,
  LOWEST_ORDER,
  type NewFact,
} from './facts/fact-rows.ts';
export {
  type EngagementPlace,
  listEngagementFacts,
  pageOf,
} from './facts/list-engagement-facts.ts';
export { listFactEngagements } from './facts/list-engagements.ts';
export { type KnownFactRow, listKnownFacts, type ReadLimits } from './facts/list-facts.ts';
export { listOldFacts, type OldFactRow } from './facts/pruning/list-old-facts.ts';
export { FIRST_ENGAGEMENT, listPrunable } from './facts/pruning/list-prunable.ts';
export { lockToPrune, readPruned } from './facts/pruning/lock-prunable.ts';
export {
  deleteFactsBelow,
  lowerFactBytes,
  PRUNE_MAX_ROWS,
  saveBase,
} from './facts/pruning/prune-facts.ts';
export { type CorrelationKey, lockCorrelationKeys } from './identity/correlation-keys.ts';
export { type GrownRecord, growRecords } from './identity/grow-records.ts';
export type { IdentityKey, IdentityRow } from './identity/identity-rows.ts';
export { listIntroducedIds } from './identity/introduced-ids.ts';
export {
  identityIdColumns,
  lockIdentities,
  lockLeasedIdentities,
} from './identity/lock-identities.ts';
export { type SavedEngagement, saveEngagements } from './identity/save-engagements.ts';
export {
  parkIdentities,
  type SavedIdentity,
  saveIdentities,
} from './identity/save-identities.ts';
export { listSimilarIds, type SimilarId } from './identity/similar-ids.ts';
export { type SuspendedIdentity, suspendIdentities } from './identity/suspend-identities.ts';
export { CommitUnknownError, type Session, type Tx } from './in-transaction.ts';
export { type Claim, claimEvents, type EarlierClaim } from './inbox/claim-events.ts';
export { FORGET_MAX_ROWS, forgetClaims, readRetainedSince } from './inbox/forget-claims.ts';
export { type SettledClaim, settleClaims } from './inbox/settle-claims.ts';
export { migrateDatabase } from './migrate-database.ts';
export { listMigrations, readMigration } from './migration/migrations.ts';
export { type DatabaseOptions, type DatabaseRole, type Db, openDatabase } from './open-database.ts';
export {
  type ConflictSummary,
  type FirstContent,
  listConflicts,
  readConflicts,
  readFirstContent,
} from './operator/conflicts.ts';
export {
  type DeadLetterDetail,
  type DeadLetterFilter,
  type DeadLetterSummary,
  listDeadLetters,
  readDeadLetter,
} from './operator/dead-letters.ts';
export {
  COUNTED_AT_MOST,
  countDeadLetters,
  countOpen,
  countReviews,
  type HousekeepingStatus,
  listOutputs,
  listProgress,
  type OutputStatus,
  type ProgressStatus,
  type ReviewCount,
  readHousekeeping,
} from './operator/status.ts';
export type { DeliveryOrigin } from './origin.ts';
export { appendOutbox, lockLanes, type OutboxMessage } from './outbox/append-outbox.ts';
export { addLanes, ensureLanes, type LaneRow, listLanes } from './outbox/lanes.ts';
export {
  addOutputLayout,
  finishRestating,
  lockDeciders,
  type OutputState,
  raiseEpoch,
  readDecisionMoment,
  readOutputState,
} from './outputs/output-state.ts';
export {
  listUnstatedIdentities,
  listUnstatedVerifications,
  raiseGenerations,
} from './outputs/restate.ts';
export { listPolicies, notePolicy, type PolicyAtWork } from './policies/policies.ts';
export { listMisplaced, type PartitionPlace } from './progress/list-misplaced.ts';
export {
  type Advance,
  acceptProgress,
  advanceProgress,
  insertProgress,
  type LockedProgressRow,
  listReadThrough,
  lockProgress,
  markReadThrough,
  type PartitionKey,
  type ProgressRow,
  type ReadThroughRow,
  readClock,
  readNow,
  readProgress,
  stopPartition,
} from './progress/progress.ts';
export { cleanOutbox } from './relay/clean-outbox.ts';
export { type LagRow, measureLag } from './relay/measure-lag.ts';
export {
  dropMessages,
  encodeMoves,
  type GoalDistance,
  type LaneGoal,
  listWaiting,
  type MovedPiece,
  markMoving,
  measureDistance,
  moveDown,
  moveUp,
  readEnds,
} from './relay/move-messages.ts';
export {
  type LaneStart,
  type OutboxRow,
  outboxRange,
  probeOutbox,
  readOutbox,
} from './relay/read-outbox.ts';
export {
  type AnchorRow,
  type LanePosition,
  listAnchorRows,
  listRelayLanes,
  positionColumns,
  type RelayLaneRow,
  saveParkedCode,
  savePublishedThrough,
} from './relay/relay-positions.ts';
export {
  agreeOnTopic,
  countTakeover,
  listTakeovers,
  markRecommitted,
  type RelayTopicRow,
  readRelayTopic,
  refuseTopic,
} from './relay/relay-topics.ts';
export {
  type AdoptedRow,
  adoptOutboxRow,
  deleteMessages,
  placeLane,
  placeTopic,
  readKept,
} from './relay/repair-lanes.ts';
export { pingSession, releaseTopicLock, tryTopicLock } from './relay/topic-lock.ts';
export { listFailureReviews } from './reviews/failure-reviews.ts';
export {
  encodePublishedReviews,
  type PublishedReview,
  type ReviewToPublish,
  settlePublishedReviews,
} from './reviews/lost-reviews.ts';
export { type NewReview, openReviews, reopenReviews } from './reviews/open-reviews.ts';
export {
  type EndedReview,
  type ResolvedReview,
  resolveReviews,
} from './reviews/resolve-reviews.ts';
export { lockReviews, type SharedReviewRow, saveSharedReviews } from './reviews/shared-reviews.ts';
export type { DB as Database } from './schema.ts';
export { isDatabaseUnreachable } from './session/is-database-unreachable.ts';
export { RoleRefusedError } from './session/settle-session.ts';
export { ConnectError } from './session/settled-pool.ts';
export { asUnreachable } from './session/unreachable.ts';
export { sqlStateOf } from './sql-state.ts';
export { listStatements, type Statement, statement } from './statement.ts';
export { textColumn, UnfitTextError } from './text-column.ts';
export {
  lockFailureCounts,
  saveFailureCounts,
} from './verification/failure-counts.ts';
export {
  type DueVerificationRow,
  listAttempts,
  lockLeasedVerifications,
  lockVerifications,
  type ReportTopic,
} from './verification/lock-verifications.ts';
export {
  appendCallbacks,
  type CallbackRow,
  saveAttempts,
  saveVerifications,
} from './verification/save-verifications.ts';
export type {
  AttemptRow,
  FailureCountRow,
  VerificationRow,
} from './verification/verification-rows.ts';
export { adoptParkedIdentities, adoptParkedVerifications } from './work/adopt-parked.ts';
export { type LeasedWork, type Release, WORK_KINDS, type WorkKind } from './work/due-work-rows.ts';
export {
  type FreshWork,
  leaseFreshIdentities,
  leaseFreshVerifications,
} from './work/lease-fresh.ts';
export { leaseTriedWork, lockTriedWork, lockWork, type TriedWork } from './work/lease-tried.ts';
export { countDueWork, listDueWork, type WorkCount, type WorkSummary } from './work/list-work.ts';
export { lockPace, type PaceKey, type PaceRow, resetPace, savePace } from './work/pace.ts';
export { forgetPaces, type RetriedWork, resetPaces, retryDueWork } from './work/retry-work.ts';
export { deleteDueWork, type FailedWork, giveBackWork, saveFailedWork } from './work/save-work.ts';
