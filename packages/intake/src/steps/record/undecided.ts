import { type AuditDecision, derivedId, type RecordEvent } from '@latchkey/contracts';
import { type DisabledAccess, disableUndecided, type Fact, type Policy } from '@latchkey/domain';
import type { FailedWork, NewFact, NewReview } from '@latchkey/postgres';
import { backOffMs } from '../back-off.ts';
import { type Changes, REVIEW_DUE_MS } from '../changes.ts';
import type { ClaimedEvent } from '../claim.ts';
import { causeOf } from '../data-error.ts';
import type { Undecidable } from '../deciding.ts';
import type { Basis } from '../handler.ts';
import type { Moment } from '../moment.ts';
import type { DeliveryOutcome } from '../outcome.ts';
import { engagementKey } from './engagement-key.ts';
import { eventChanges } from './event-changes.ts';
import { type DecidedBy, identityEffects, savedAccount } from './identity-changes.ts';
import type { LockedIdentity } from './known-identity.ts';
import { bytesOfText } from './read-sizes.ts';

/** Events of one identity that have arrived, with the fact that each states. */
export interface ArrivedEvents {
  readonly identityId: string;
  readonly identity: LockedIdentity;
  readonly claimed: readonly ClaimedEvent<RecordEvent>[];
  readonly facts: readonly Fact[];
}

/** What the events of one identity change, and the outcome of each. */
export interface DecidedArrival {
  readonly changes: readonly Partial<Changes>[];
  readonly outcomes: readonly DeliveryOutcome[];
}

/**
 * Decides the events of one identity. Where that throws, or it is known to be impossible, the facts are stored, the events
 * count as applied, and due work decides the identity later: no other identity and no later event waits for it. Access does
 * not wait either where a block or an immediate end is among the facts: it ends now.
 */
export function decideOrHandOver(
  arrived: ArrivedEvents,
  by: Basis,
  moment: Moment,
  decide: () => DecidedArrival,
): DecidedArrival {
  if (by.undecidable !== undefined) return handOver(arrived, by.undecidable, by, moment);
  try {
    return decide();
  } catch (error) {
    return handOver(arrived, { cause: causeOf(error), endsAccess: true }, by, moment);
  }
}

function handOver(
  { identityId, identity, claimed, facts }: ArrivedEvents,
  { cause, endsAccess }: Undecidable,
  by: Basis,
  { nowMs, epoch }: Moment,
): DecidedArrival {
  const { policy } = by;
  const { current } = identity;
  // A limit for security causes belongs here: which of these accounts are disabled now, and which wait for an approval.
  const cut = endsAccess
    ? disableUndecided({ identity: current, arriving: facts, policy, nowMs, epoch })
    : ACCESS_STAYS;
  const outcomes = facts.map((fact) => ({
    disposition: 'applied' as const,
    decisions: decisionsOf(fact, cause, cut),
  }));
  const stated = eventChanges({ claimed, facts, identityId, outcomes, policy, nowMs });
  const changes = [
    stated,
    grownRecord(identityId, stated.facts),
    disabledChanges(identity, cut, { nowMs, policy, cause: claimed.at(-1)?.event }),
    {
      handedOver: [failedWork(identityId, cause, by, nowMs)],
      reviews: [undecidedReview(identityId, cause, policy, nowMs)],
    },
  ];
  return { changes, outcomes: facts.map(() => UNDECIDED) };
}

/** It cannot be written: due work tries, and the review tells the owner. */
const ACCESS_STAYS: DisabledAccess = {
  accounts: [],
  lifecycle: undefined,
  causes: [],
  decisions: [],
};

const UNDECIDED: DeliveryOutcome = {
  disposition: 'applied',
  answer: undefined,
  failure: undefined,
  undeclared: 0,
  undecided: true,
};

/** The last security fact has the decisions about access. */
function decisionsOf(
  { eventId }: Fact,
  cause: string,
  { causes, decisions }: DisabledAccess,
): readonly AuditDecision[] {
  const own = eventId === causes.at(-1) ? decisions : [];
  return [{ kind: 'undecided', cause }, ...own];
}

function disabledChanges(
  { current }: LockedIdentity,
  { accounts, lifecycle }: DisabledAccess,
  by: DecidedBy,
): Partial<Changes> {
  const { identityId, derivedAtMs } = current;
  const published = lifecycle === undefined ? [] : [lifecycle];
  return {
    suspended: published.map((one) => ({
      identityId,
      lifecycle: one.lifecycle,
      generation: one.generation,
      // What became due since then is still to be decided.
      derivedAtMs: derivedAtMs ?? by.nowMs,
    })),
    accounts: accounts.map(({ after }) => savedAccount(identityId, after)),
    effects: identityEffects(identityId, { lifecycle: published, accounts }, by),
  };
}

/** What a head cannot decide may be among the facts: the next decision reads all facts of their engagements. */
function grownRecord(identityId: string, added: readonly NewFact[]): Partial<Changes> {
  const bytes = added.reduce((sum, { data }) => sum + bytesOfText(data), 0);
  const engagements = new Map(
    added.flatMap(({ source, engagement }) =>
      engagement === undefined
        ? []
        : [[engagementKey(source, engagement), { identityId, source, engagement }] as const],
    ),
  );
  return {
    grown: [{ identityId, addedBytes: BigInt(bytes) }],
    droppedHeads: [...engagements.values()],
  };
}

function failedWork(
  identityId: string,
  cause: string,
  { policy, build }: Basis,
  nowMs: number,
): FailedWork {
  return {
    kind: 'clock',
    itemId: identityId,
    dueAtMs: nowMs,
    attempt: 1,
    retryAtMs: nowMs + backOffMs(1),
    policy: policy.hash,
    build,
    cause,
  };
}

/** One for each identity and policy, however many of its events cannot be decided. */
function undecidedReview(
  identityId: string,
  cause: string,
  { hash, owner }: Policy,
  nowMs: number,
): NewReview {
  return {
    reviewId: derivedId('review', 'identity_undecided', identityId, hash),
    kind: 'identity_undecided',
    subject: identityId,
    owner,
    detail: JSON.stringify({ cause }),
    dueAtMs: nowMs + REVIEW_DUE_MS,
  };
}
