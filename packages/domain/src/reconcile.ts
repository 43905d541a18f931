import { type Lifecycle, nextGeneration } from '@latchkey/contracts';
import { type AccountChange, decideChanges, isQuietChange } from './decisions/account-change.ts';
import { type Decision } from './decisions/decision.ts';
import { type Due, findDue, nextMoment } from './decisions/due.ts';
import {
  endedReviews,
  prunedReviews,
  type Review,
  recordReviews,
  unknownReviews,
} from './decisions/reviews.ts';
import { settleAccounts } from './decisions/settle-accounts.ts';
import { sortDecisions } from './decisions/sort-decisions.ts';
import { type CurrentAccount } from './desired/account.ts';
import { changedRows, type EngagementRow } from './lifecycle/engagement-row.ts';
import { type Transition } from './lifecycle/transitions.ts';
import { lifecycleAfter, transitionTo, viewOf } from './lifecycle/view.ts';
import { type Policy } from './policy/policy.ts';
import { belowPruned, type KnownRecord, recordOf } from './record/checkpoint/known-record.ts';
import { type NewCheckpoint, newCheckpoints } from './record/checkpoint/new-checkpoint.ts';
import { type EngagementRecord } from './record/engagement.ts';
import { type Fact, isBlockFact } from './record/fact.ts';
import { type AuthoritativeRecord, engagementKeyOf, extendRecord } from './record/record.ts';

/** An identity as it was decided last. */
export interface CurrentIdentity {
  readonly identityId: string;
  /** The source and external id that it was known by first. */
  readonly source: string;
  readonly externalId: string;
  /** `undefined`: never decided. */
  readonly lifecycle: Lifecycle | undefined;
  /** Of the last lifecycle message; 0: none. */
  readonly generation: bigint;
  /** Everything due up to then was decided; epoch milliseconds. */
  readonly derivedAtMs: number | undefined;
  readonly accounts: readonly CurrentAccount[];
}

/** What is known of an identity, and what has arrived. */
export interface ReconcileRequest {
  readonly identity: CurrentIdentity;
  /** What all facts so far give; for no engagement `needsAllFacts` of those that arrive. */
  readonly known: KnownRecord;
  /** New facts, in the order in which they are to be answered. */
  readonly arriving: readonly Fact[];
  /** Whether a decision about some known facts may have failed: then every engagement counts as touched. */
  readonly anew?: boolean;
  readonly policy: Policy;
  /** Not before `identity.derivedAtMs`. */
  readonly nowMs: number;
  /** The epoch of new generations. */
  readonly epoch: number;
}

/** The outcome of one arriving fact. */
export interface FactOutcome {
  /** `stale`: the record is the same with and without it. */
  readonly disposition: 'applied' | 'stale';
  readonly decisions: readonly Decision[];
}

/** A lifecycle change to publish. */
export interface LifecycleChange extends Transition {
  readonly generation: bigint;
}

/** What must be saved and published of an identity. */
export interface Reconciled {
  /** One for each arriving fact. The last that was applied has the decisions about all of them. */
  readonly outcomes: readonly FactOutcome[];
  readonly next: {
    readonly lifecycle: Lifecycle;
    readonly generation: bigint;
    /** The earliest moment at which anything could be decided differently without a new fact. */
    readonly nextTransitionAtMs: number | undefined;
  };
  /** One message each: what became due in effective order, then at most one for all arriving facts. */
  readonly lifecycle: readonly LifecycleChange[];
  /** One message each, as the account is at the end; by target. */
  readonly accounts: readonly AccountChange[];
  /** Accounts of which nothing changed that is published. */
  readonly quietAccounts: readonly CurrentAccount[];
  /** Those of which something changed. */
  readonly engagements: readonly EngagementRow[];
  /** Those that must be open. */
  readonly reviews: readonly Review[];
  /** Heads that are to be stored, once the arriving facts are. */
  readonly checkpoints: readonly NewCheckpoint[];
  /** Ids of reviews that are to be closed where they are open: facts that arrived have decided them. */
  readonly endedReviews: readonly string[];
  /** What no arriving fact has caused: the lifecycle in effective order, then the accounts. */
  readonly clockDecisions: readonly Decision[];
}

/**
 * Decides what changes for an identity: first what became due since it was decided last, as the record was
 * then; after that what the arriving facts change. Total and deterministic. Where nothing changed there is nothing
 * to publish. The order of `arriving` matters only to which of them are stale.
 */
export function reconcile(request: ReconcileRequest): Reconciled {
  const { identity, arriving, anew = false, policy, nowMs, epoch } = request;
  const known = viewOf(recordOf(request.known), policy);
  const pruned = new Set<Fact>(belowPruned(request.known, arriving));
  const counting = arriving.filter((fact) => !pruned.has(fact));
  const extended = extendRecord(known.record, counting, policy);
  const applied = appliedOf(request.known, counting, extended.applied);
  const view = applied.length === 0 ? known : viewOf(extended.record, policy);
  const due = findDue(identity, known, policy, nowMs);
  const settled = settleAccounts(identity, view, policy, nowMs);

  const accounts = settled.accounts.map(({ after }) => after);
  const changes = decideChanges(settled, due, { facts: applied, known, view, epoch }, policy);
  const arrived = transitionTo(
    view,
    accounts,
    { previous: previousLifecycle(due, identity), known },
    applied.map(({ eventId }) => eventId),
    nowMs,
  );
  const lifecycle = numbered(identity, [...due.transitions, ...arrived], epoch);
  const decisions = sortDecisions(due, arrived, changes, applied.length > 0, policy);
  const touched = anew
    ? new Set(view.record.engagements.values())
    : touchedEngagements(view.record, applied);
  const reviews = [
    ...recordReviews(identity.identityId, view.record, touched, policy),
    ...prunedReviews(identity.identityId, [...pruned], policy),
  ];
  const anythingMoved = anew || applied.length > 0 || due.settled !== undefined;
  return {
    outcomes: outcomesOf(arriving, new Set(applied), decisions.arrived),
    next: {
      lifecycle: lifecycleAfter(view, accounts, nowMs),
      generation: lifecycle.at(-1)?.generation ?? identity.generation,
      nextTransitionAtMs: nextMoment(view, accounts, nowMs),
    },
    lifecycle,
    accounts: changes.map(({ change }) => change),
    quietAccounts: settled.accounts.filter(isQuietChange).map(({ after }) => after),
    engagements: changedRows(
      view.record.engagements.values(),
      touched,
      identity.derivedAtMs ?? nowMs,
      nowMs,
    ),
    reviews: [...reviews, ...(anythingMoved ? unknownReviews(settled.unknown) : [])],
    checkpoints: newCheckpoints(request.known, counting, nowMs),
    endedReviews: endedReviews(identity.identityId, known.record, touched, reviews),
    clockDecisions: decisions.clock,
  };
}

/** The first fact of all always counts: it makes the identity known. */
function appliedOf(
  { isNew }: KnownRecord,
  counting: readonly Fact[],
  applied: ReadonlySet<Fact>,
): readonly Fact[] {
  return counting.filter((fact, at) => applied.has(fact) || (isNew && at === 0));
}

/** As it was published last, once what became due is published. */
function previousLifecycle({ transitions }: Due, { lifecycle }: CurrentIdentity): Lifecycle | null {
  return transitions.at(-1)?.lifecycle ?? lifecycle ?? null;
}

/** The generation rises by one per message, and above the epoch once that was raised. */
function numbered(
  { generation }: CurrentIdentity,
  transitions: readonly Transition[],
  epoch: number,
): readonly LifecycleChange[] {
  const first = nextGeneration(generation, epoch);
  return transitions.map((transition, at) => ({ ...transition, generation: first + BigInt(at) }));
}

/** Facts of one batch are decided together: the last that was applied carries the decisions. */
function outcomesOf(
  arriving: readonly Fact[],
  applied: ReadonlySet<Fact>,
  decisions: readonly Decision[],
): readonly FactOutcome[] {
  const last = arriving.findLast((fact) => applied.has(fact));
  return arriving.map((fact) => ({
    disposition: applied.has(fact) ? 'applied' : 'stale',
    decisions: fact === last ? decisions : [],
  }));
}

function touchedEngagements(
  { engagements }: AuthoritativeRecord,
  applied: readonly Fact[],
): ReadonlySet<EngagementRecord> {
  const touched = new Set<EngagementRecord>();
  for (const fact of applied) {
    if (isBlockFact(fact)) continue;
    const known = engagements.get(engagementKeyOf(fact.source, fact.engagement));
    if (known !== undefined) touched.add(known);
  }
  return touched;
}
