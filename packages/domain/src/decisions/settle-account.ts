import { accountIdOf } from '@latchkey/contracts';
import { type CurrentAccount } from '../desired/account.ts';
import { type DesiredAccount } from '../desired/derive.ts';
import { type KnownAttributes } from '../policy/attribute.ts';
import { sameAttributes } from '../policy/attributes.ts';

/** Whose account it is, and what all accounts of this person show. */
export interface AccountHolder {
  readonly identityId: string;
  readonly externalId: string;
  readonly attributes: KnownAttributes;
}

/**
 * What becomes of one account at a moment; its generation is that of the last message. `undefined`: there is
 * none and none is made. An account is made when it is needed and nobody blocks or suspends, keeps its id for ever,
 * and is deleted a grace period after it was last needed.
 */
export function settleAccount(
  desired: DesiredAccount,
  before: CurrentAccount | undefined,
  holder: AccountHolder,
  nowMs: number,
): CurrentAccount | undefined {
  if (desired.wanted === 'enabled') return enabled(desired, before, holder);
  if (before === undefined || before.state === 'absent') return before;
  const disabledAtMs = before.disabledAtMs ?? nowMs;
  const disabled = {
    ...before,
    state: 'disabled',
    disabledAtMs,
    ...shown(before, holder),
  } as const;
  if (desired.wanted === 'disabled') {
    return { ...disabled, deleteAtMs: undefined, entitlements: desired.entitlements };
  }
  const deleteAtMs = before.deleteAtMs ?? graceEnd(desired, nowMs);
  return deleteAtMs !== undefined && deleteAtMs <= nowMs
    ? deleted(before, holder)
    : { ...disabled, deleteAtMs, entitlements: [] };
}

function enabled(
  { target, entitlements }: DesiredAccount,
  before: CurrentAccount | undefined,
  holder: AccountHolder,
): CurrentAccount {
  return {
    accountId: before?.accountId ?? accountIdOf(holder.identityId, target),
    target,
    state: 'enabled',
    ...shown(before, holder),
    generation: before?.generation ?? 0n,
    disabledAtMs: undefined,
    deleteAtMs: undefined,
    entitlements,
  };
}

/** Nothing about the person is left but the name of the account. */
function deleted(before: CurrentAccount, { externalId }: AccountHolder): CurrentAccount {
  return {
    ...before,
    state: 'absent',
    userName: externalId,
    attributes: {},
    disabledAtMs: undefined,
    deleteAtMs: undefined,
    entitlements: [],
  };
}

function graceEnd({ deleteAfterMs }: DesiredAccount, nowMs: number): number | undefined {
  return deleteAfterMs === undefined ? undefined : nowMs + deleteAfterMs;
}

function shown(
  before: CurrentAccount | undefined,
  { externalId, attributes }: AccountHolder,
): Pick<CurrentAccount, 'userName' | 'attributes'> {
  const same = before !== undefined && sameAttributes(before.attributes, attributes);
  return { userName: externalId, attributes: same ? before.attributes : attributes };
}
