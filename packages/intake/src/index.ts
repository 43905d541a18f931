export {
  type Batch,
  type BatchDelivery,
  bytesOf,
  clampStampMs,
  splitBatch,
} from './batch/batch.ts';
export { processOrIsolate } from './batch/isolate.ts';
export { type Located, type LogEnds, locate } from './batch/locate.ts';
export { type BatchOutcome, type LockedElsewhere } from './batch/outcome.ts';
export { processBatch, processBatches } from './batch/process-batches.ts';
export { stopUnreadable } from './batch/stop-unreadable.ts';
export { reconcileDue } from './clock/reconcile-due.ts';
export { sweepVerifications } from './clock/sweep-verifications.ts';
export { openPolicy } from './open-policy.ts';
export { type Acceptance, type Accepted, acceptPartition } from './operate/accept-progress.ts';
export { type RedriveContext, type Redriven, redrive } from './operate/redrive.ts';
export { type Restated, type Restating, restateAll } from './operate/restate.ts';
export { type RestatedReviews, restateReviews } from './operate/restate-reviews.ts';
export { retryWork, type WorkRetry } from './operate/retry-work.ts';
export { createPruner, type Pruner, type Pruning } from './prune/prune-facts.ts';
export { type AuditDecided, auditOf } from './steps/audit.ts';
export { type IntakeContext } from './steps/context.ts';
export { isDataError } from './steps/data-error.ts';
export { type Delivery } from './steps/delivery.ts';
export { GIVEN_UP_BY_OPERATOR, givenUp } from './steps/give-up.ts';
export { type Counts, DISPOSITIONS } from './steps/outcome.ts';
export { type Outputs, outputLanes } from './steps/outputs.ts';
export { ROUND_LIMITS, type RoundLimits } from './work/due-kind.ts';
export { type Round } from './work/run-round.ts';
