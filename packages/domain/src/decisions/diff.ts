import { type ChangeKind } from '@latchkey/contracts';
import { type CurrentAccount } from '../desired/account.ts';
import {
  type AssignedEntitlement,
  compareReasons,
  compareText,
  publishedReasons,
  type Reason,
} from '../desired/reason.ts';
import { sameAttributes } from '../policy/attributes.ts';

/** One difference between two published states of an account. */
export interface Difference {
  readonly kind: ChangeKind;
  /** Of `grant` and `revoke`; and of `update` where the reasons for one changed. */
  readonly entitlement: string | undefined;
}

/** Removals come first. */
const RANK: Readonly<Record<ChangeKind, number>> = {
  disable: 0,
  delete: 1,
  revoke: 2,
  create: 3,
  enable: 4,
  update: 5,
  grant: 6,
};

/** What differs in what is published of an account; empty if and only if the published states are equal. Sorted. */
export function diffAccount(
  before: CurrentAccount | undefined,
  after: CurrentAccount,
): readonly Difference[] {
  const differences: Difference[] = [];
  const kind = stateChange(before, after);
  if (kind !== undefined) differences.push({ kind, entitlement: undefined });
  const renewed = kind === 'create' || kind === 'delete';
  if (!renewed && before !== undefined && !showsTheSame(before, after)) {
    differences.push({ kind: 'update', entitlement: undefined });
  }
  diffEntitlements(before?.entitlements ?? [], after.entitlements, differences);
  return differences.length > 1 ? differences.sort(compareDifferences) : differences;
}

/** Whether two states of an account are the same in every way but their generation. */
export function sameAccount(one: CurrentAccount, other: CurrentAccount): boolean {
  if (one === other) return true;
  return (
    one.state === other.state &&
    one.disabledAtMs === other.disabledAtMs &&
    one.deleteAtMs === other.deleteAtMs &&
    showsTheSame(one, other) &&
    one.entitlements.length === other.entitlements.length &&
    one.entitlements.every((held) =>
      other.entitlements.some((kept) => isSameEntitlement(held, kept)),
    )
  );
}

function stateChange(
  before: CurrentAccount | undefined,
  { state }: CurrentAccount,
): ChangeKind | undefined {
  const previous = before?.state ?? 'absent';
  if (previous === state) return undefined;
  if (state === 'absent') return 'delete';
  if (previous === 'absent') return 'create';
  return state === 'enabled' ? 'enable' : 'disable';
}

function showsTheSame(one: CurrentAccount, other: CurrentAccount): boolean {
  return one.userName === other.userName && sameAttributes(one.attributes, other.attributes);
}

function diffEntitlements(
  before: readonly AssignedEntitlement[],
  after: readonly AssignedEntitlement[],
  differences: Difference[],
): void {
  for (const { name, reasons } of after) {
    const held = before.find((known) => known.name === name);
    if (held === undefined) differences.push({ kind: 'grant', entitlement: name });
    else if (!publishesTheSame(held.reasons, reasons)) {
      differences.push({ kind: 'update', entitlement: name });
    }
  }
  for (const { name } of before) {
    if (!after.some((kept) => kept.name === name)) {
      differences.push({ kind: 'revoke', entitlement: name });
    }
  }
}

function publishesTheSame(one: readonly Reason[], other: readonly Reason[]): boolean {
  return (
    sameList(one, other, sameReason) ||
    sameList(publishedReasons(one), publishedReasons(other), samePublished)
  );
}

function isSameEntitlement(one: AssignedEntitlement, other: AssignedEntitlement): boolean {
  return one.name === other.name && sameList(one.reasons, other.reasons, sameReason);
}

function sameReason(one: Reason, other: Reason): boolean {
  return one.hash === other.hash && compareReasons(one, other) === 0;
}

function samePublished(
  one: { readonly rule: string; readonly hash: string },
  other: { readonly rule: string; readonly hash: string },
): boolean {
  return one.rule === other.rule && one.hash === other.hash;
}

function sameList<T>(
  one: readonly T[],
  other: readonly T[],
  same: (one: T, other: T) => boolean,
): boolean {
  return one.length === other.length && one.every((item, at) => same(item, other[at] ?? item));
}

function compareDifferences(one: Difference, other: Difference): number {
  return (
    RANK[one.kind] - RANK[other.kind] || compareText(one.entitlement ?? '', other.entitlement ?? '')
  );
}
