export type { Lifecycle } from '@latchkey/contracts';
export type { AccountChange } from './decisions/account-change.ts';
export type { Decision } from './decisions/decision.ts';
export { type DisabledAccess, disableUndecided } from './decisions/disable-undecided.ts';
export { isDecidedByFacts, type Review } from './decisions/reviews.ts';
export type { CurrentAccount } from './desired/account.ts';
export { publishedReasons, type Reason } from './desired/reason.ts';
export type { EngagementRow } from './lifecycle/engagement-row.ts';
export type { Answer } from './policy/answer.ts';
export type { Condition } from './policy/condition.ts';
export { EXAMPLE_POLICY_URL, loadPolicy } from './policy/load-policy.ts';
export type { Policy } from './policy/policy.ts';
export {
  type CurrentIdentity,
  type FactOutcome,
  type LifecycleChange,
  type Reconciled,
  type ReconcileRequest,
  reconcile,
} from './reconcile.ts';
export { type Blocks, blocksOf, type StoredSwitch } from './record/blocks.ts';
export { type StoredBase } from './record/checkpoint/base.ts';
export { createFullReading, type FullReading } from './record/checkpoint/full-reading.ts';
export {
  isTrimmed,
  type KnownEngagement,
  knownFrom,
  needsAllFacts,
  rowKeysOf,
  type StoredEngagement,
} from './record/checkpoint/known-engagement.ts';
export { type KnownRecord, knownRecordOf } from './record/checkpoint/known-record.ts';
export { type NewCheckpoint } from './record/checkpoint/new-checkpoint.ts';
export {
  type OldFacts,
  planPruning,
  type SlimStatement,
  slimStatement,
} from './record/checkpoint/plan-pruning.ts';
export { countUndeclared } from './record/count-undeclared.ts';
export { type EngagementKey } from './record/engagement.ts';
export {
  type BlockFact,
  type EngagementFact,
  type Fact,
  type FactKind,
  factKindOf,
  factOf,
  type IdentityKey,
  identityKeyOf,
  isBlockFact,
} from './record/fact.ts';
export { type Report, type ReportOutcome } from './verification/apply-report.ts';
export type { AttemptState } from './verification/attempt.ts';
export type { FailureCount, FailureKey } from './verification/counted-failure.ts';
export type { VerificationChanges } from './verification/draft.ts';
export {
  failureCountId,
  failureKeyOfState,
  failureKeysOf,
} from './verification/failure-count.ts';
export {
  type ChangedVerifications,
  foldDue,
  foldReports,
  type LockedVerifications,
} from './verification/fold-reports.ts';
export type { VerificationPolicy } from './verification/policy.ts';
export { settledEffect } from './verification/settled-effect.ts';
export type { VerificationState } from './verification/verification.ts';
