import { isDecidedByFacts } from '@latchkey/domain';
import {
  appendAudit,
  appendCallbacks,
  appendConflicts,
  appendDeadLetters,
  appendFacts,
  appendOutbox,
  deleteAssignments,
  type NewReview,
  openReviews,
  type ResolvedReview,
  type ReviewToSay,
  reopenReviews,
  resolveReviews,
  saveAccounts,
  saveAssignments,
  saveAttempts,
  saveEngagements,
  saveFailureCounts,
  saveIdentities,
  saveVerifications,
  settleClaims,
  type Tx,
} from '@latchkey/postgres';
import type { Changes, Effect } from './changes.ts';
import { messageOf, type Outputs } from './outputs.ts';
import { settleShared } from './shared-reviews.ts';

/**
 * Writes everything that was decided: a fixed number of statements, whatever the size. All of it
 * goes out in one round trip with COMMIT, the outbox last, so that lanes are held as short as can be.
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

/** Writes everything but the outbox; returns what has to be announced there. */
export async function applyState(
  tx: Tx,
  changes: Changes,
  nowMs: number,
): Promise<readonly Effect[]> {
  const wanted = distinctReviews(changes.reviews);
  const settled = wanted.filter(({ kind }) => isDecidedByFacts(kind));
  const [opened, reopened] = await Promise.all([
    openReviews(tx, wanted),
    reopenReviews(tx, settled),
  ]);
  const ended = await resolveReviews(tx, changes.resolved);
  const shared = await settleShared(tx, changes.shared, opened, ended);
  settleClaims(tx, changes.claims);
  appendFacts(tx, changes.facts);
  saveEngagements(tx, changes.engagements);
  saveIdentities(tx, changes.identities);
  saveAccounts(tx, changes.accounts);
  saveAssignments(tx, changes.assignments);
  deleteAssignments(tx, changes.endedAssignments);
  saveVerifications(tx, changes.verifications);
  saveAttempts(tx, changes.attempts);
  appendCallbacks(tx, changes.callbacks);
  saveFailureCounts(tx, changes.failureCounts);
  appendAudit(tx, changes.audit);
  appendDeadLetters(tx, changes.deadLetters);
  appendConflicts(tx, changes.conflicts);
  return [
    ...changes.effects,
    ...wanted.flatMap((review) => {
      if (review.state === 'shared') return [];
      const version = opened.has(review.reviewId) ? 1n : reopened.get(review.reviewId);
      return version === undefined ? [] : [openedEffect(review, version, nowMs)];
    }),
    ...shared.opened.map((review) => openedEffect(review, review.version, nowMs)),
    ...ended
      .filter(({ before }) => before === 'open')
      .map((review) => resolvedEffect(review, nowMs)),
    ...shared.resolved.map((review) => resolvedEffect(review, nowMs)),
  ];
}

function distinctReviews(reviews: readonly NewReview[]): readonly NewReview[] {
  return [...new Map(reviews.map((review) => [review.reviewId, review])).values()];
}

type Announced = Pick<NewReview, 'reviewId' | 'kind' | 'subject' | 'owner' | 'dueAtMs'>;

/** Opened and resolved take turns, so that each of the two is every other version. */
function openedEffect(review: Announced, version: bigint, nowMs: number): Effect {
  return {
    type: 'latchkey.review.opened.v1',
    key: review.reviewId,
    object: review.reviewId,
    generation: (version + 1n) / 2n,
    decidedAtMs: nowMs,
    traceparent: undefined,
    tracestate: undefined,
    data: {
      review: review.reviewId,
      kind: review.kind,
      subject: review.subject,
      owner: review.owner,
      dueAt: new Date(review.dueAtMs).toISOString(),
    },
  };
}

/** The message that corrects what was published of a review. */
export function announcedEffect(review: ReviewToSay, nowMs: number): Effect {
  if (review.said === 'opened') return openedEffect(review, review.version, nowMs);
  return resolvedEffect(review, nowMs, 'superseded');
}

function resolvedEffect(
  review: ResolvedReview,
  nowMs: number,
  resolution = isDecidedByFacts(review.kind) ? 'facts_agree' : 'became_known',
): Effect {
  return {
    type: 'latchkey.review.resolved.v1',
    key: review.reviewId,
    object: review.reviewId,
    generation: review.version / 2n,
    decidedAtMs: nowMs,
    traceparent: undefined,
    tracestate: undefined,
    data: {
      review: review.reviewId,
      kind: review.kind,
      version: Number(review.version),
      subject: review.subject,
      owner: review.owner,
      dueAt: new Date(review.dueAtMs).toISOString(),
      resolution,
    },
  };
}
