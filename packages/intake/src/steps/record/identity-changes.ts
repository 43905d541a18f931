import { ceIdOf, type RecordEvent } from '@latchkey/contracts';
import {
  type AccountChange,
  type CurrentAccount,
  type Policy,
  publishedReasons,
  type Reconciled,
} from '@latchkey/domain';
import type { AssignmentRow, NewFact } from '@latchkey/postgres';
import { type Changes, type Effect, REVIEW_DUE_MS, type SavedAccount } from '../changes.ts';
import type { LockedIdentity } from './known-identity.ts';
import { recordChanges } from './record-changes.ts';

/** When an identity was decided, and by which event. */
export interface DecidedBy {
  readonly nowMs: number;
  readonly policy: Pick<Policy, 'hash'>;
  /** The event whose trace the messages carry on. */
  readonly cause: RecordEvent | undefined;
}

/**
 * What is saved and published of an identity that was decided.
 *
 * @param added - the facts that were decided about; others save them
 */
export function identityChanges(
  identity: LockedIdentity,
  reconciled: Reconciled,
  added: readonly NewFact[],
  by: DecidedBy,
): Partial<Changes> {
  const { current } = identity;
  const { nowMs, policy } = by;
  const { identityId, externalId } = current;
  const { next, accounts, quietAccounts, engagements, reviews } = reconciled;
  const saved = [
    ...accounts.map(({ before, after }) => ({ before, after })),
    ...quietAccounts.map((after) => ({
      before: current.accounts.find(({ accountId }) => accountId === after.accountId),
      after,
    })),
  ];
  const record = recordChanges(identity, reconciled.checkpoints, added);
  return {
    ...record.changes,
    identities: [
      {
        identityId,
        lifecycle: next.lifecycle,
        generation: next.generation,
        derivedAtMs: Math.max(nowMs, current.derivedAtMs ?? nowMs),
        nextTransitionAtMs: next.nextTransitionAtMs,
        factBytes: record.factBytes,
        derivedPolicyHash: policy.hash,
        versions: added.length > 0 ? 1 : 0,
      },
    ],
    engagements: engagements.map((engagement) => ({ identityId, externalId, ...engagement })),
    accounts: saved.map(({ after }) => savedAccount(identityId, after)),
    assignments: saved.flatMap(({ before, after }) =>
      changedAssignments(identityId, before, after),
    ),
    endedAssignments: saved.flatMap(({ before, after }) => endedAssignments(before, after)),
    reviews: reviews.map((review) => ({
      ...review,
      detail: JSON.stringify(review.detail),
      dueAtMs: nowMs + REVIEW_DUE_MS,
    })),
    effects: identityEffects(identityId, reconciled, by),
  };
}

/** The messages about an identity and its accounts. */
export function identityEffects(
  identityId: string,
  { lifecycle, accounts }: Pick<Reconciled, 'lifecycle' | 'accounts'>,
  { nowMs, cause }: DecidedBy,
): readonly Effect[] {
  const common = {
    key: identityId,
    decidedAtMs: nowMs,
    traceparent: cause?.traceparent,
    tracestate: cause?.tracestate,
  };
  const changed = lifecycle.map(
    (change): Effect => ({
      ...common,
      type: 'latchkey.lifecycle.changed.v1',
      object: identityId,
      generation: change.generation,
      data: {
        identityId,
        lifecycle: change.lifecycle,
        previous: change.previous,
        generation: Number(change.generation),
        effectiveAt: new Date(change.effectiveAtMs).toISOString(),
        causes: [...change.causes],
      },
    }),
  );
  return [...changed, ...accounts.map((account) => accessEffect(identityId, account, common))];
}

/** The message of an account with its whole desired state. */
export function accessEffect(
  identityId: string,
  { after, changes, causes }: AccountChange,
  common: Pick<Effect, 'key' | 'decidedAtMs' | 'traceparent' | 'tracestate'>,
): Effect {
  const type = 'latchkey.access.desired.v1';
  return {
    ...common,
    type,
    object: after.accountId,
    generation: after.generation,
    data: {
      effect: ceIdOf(type, after.accountId, after.generation),
      identityId,
      target: after.target,
      accountId: after.accountId,
      generation: Number(after.generation),
      account: { state: after.state, userName: after.userName, attributes: after.attributes },
      entitlements: after.entitlements.map(({ name, reasons }) => ({
        name,
        reasons: publishedReasons(reasons),
      })),
      changes: [...changes],
      causes: [...causes],
    },
  };
}

/** The row of an account as it was decided. */
export function savedAccount(identityId: string, account: CurrentAccount): SavedAccount {
  const { accountId, target, state, userName, generation, disabledAtMs, deleteAtMs } = account;
  const attributes = JSON.stringify(account.attributes);
  return {
    accountId,
    identityId,
    target,
    state,
    userName,
    attributes,
    generation,
    disabledAtMs,
    deleteAtMs,
  };
}

function changedAssignments(
  identityId: string,
  before: CurrentAccount | undefined,
  after: CurrentAccount,
): readonly AssignmentRow[] {
  const known = new Map(
    before?.entitlements.map(({ name, reasons }) => [name, JSON.stringify(reasons)]),
  );
  const { accountId, target } = after;
  return after.entitlements
    .map(({ name, reasons }) => ({
      accountId,
      entitlement: name,
      identityId,
      target,
      reasons: JSON.stringify(reasons),
    }))
    .filter(({ entitlement, reasons }) => known.get(entitlement) !== reasons);
}

function endedAssignments(
  before: CurrentAccount | undefined,
  after: CurrentAccount,
): readonly { readonly accountId: string; readonly entitlement: string }[] {
  const kept = new Set(after.entitlements.map(({ name }) => name));
  const { accountId } = after;
  return (before?.entitlements ?? [])
    .filter(({ name }) => !kept.has(name))
    .map(({ name }) => ({ accountId, entitlement: name }));
}
