import { accountIdOf } from '@latchkey/contracts';
import { type CurrentAccount } from '../desired/account.ts';
import { type DesiredAccount } from '../desired/derive.ts';
import { type KnownAttributes } from '../policy/attribute.ts';
import { sameAttributes } from '../policy/attributes.ts';

/** Whose account it is, and what all accounts of this person show. */
export interface AccountIdentity {
  readonly identityId: string;
  readonly externalId: string;
  readonly attributes: KnownAttributes;
}

/**
 * The state of one account at a moment; its generation is that of the last message. `undefined`: there is
 * none and none is created. An account is created when it is needed and not blocked or suspended, keeps its id for ever,
 * and is deleted a grace period after it was last needed.
 */
export function settleAccount(
  desired: DesiredAccount,
  before: CurrentAccount | undefined,
  identity: AccountIdentity,
  nowMs: number,
): CurrentAccount | undefined {
  if (desired.wanted === 'enabled') return enabled(desired, before, identity);
  if (before === undefined || before.state === 'absent') return before;
  const disabledAtMs = before.disabledAtMs ?? nowMs;
  const disabled = {
    ...before,
    state: 'disabled',
    disabledAtMs,
    ...shown(before, identity),
  } as const;
  if (desired.wanted === 'disabled') {
    return { ...disabled, deleteAtMs: undefined, entitlements: desired.entitlements };
  }
  const deleteAtMs = before.deleteAtMs ?? graceEnd(desired, nowMs);
  return deleteAtMs !== undefined && deleteAtMs <= nowMs
    ? deleted(before, identity)
    : { ...disabled, deleteAtMs, entitlements: [] };
}

function enabled(
  { target, entitlements }: DesiredAccount,
  before: CurrentAccount | undefined,
  identity: AccountIdentity,
): CurrentAccount {
  return {
    accountId: before?.accountId ?? accountIdOf(identity.identityId, target),
    target,
    state: 'enabled',
    ...shown(before, identity),
    generation: before?.generation ?? 0n,
    disabledAtMs: undefined,
    deleteAtMs: undefined,
    entitlements,
  };
}

/** Only the name of the account is left of the person. */
function deleted(before: CurrentAccount, { externalId }: AccountIdentity): CurrentAccount {
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
  { externalId, attributes }: AccountIdentity,
): Pick<CurrentAccount, 'userName' | 'attributes'> {
  const same = before !== undefined && sameAttributes(before.attributes, attributes);
  return { userName: externalId, attributes: same ? before.attributes : attributes };
}
