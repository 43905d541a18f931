import { type AccountState } from '@latchkey/contracts';
import { type KnownAttributes } from '../policy/attribute.ts';
import { type AssignedEntitlement } from './reason.ts';

/** An account as it was decided last. Times are epoch milliseconds. */
export interface CurrentAccount {
  readonly accountId: string;
  readonly target: string;
  readonly state: AccountState;
  /** The external id of the identity. */
  readonly userName: string;
  /** Sorted by name; empty once the account is deleted. */
  readonly attributes: KnownAttributes;
  /** Of the last message about it; from 1. */
  readonly generation: bigint;
  /** When it was disabled; `undefined`: it is not. */
  readonly disabledAtMs: number | undefined;
  /** When it is to be deleted; `undefined`: it is needed, or deleted. */
  readonly deleteAtMs: number | undefined;
  /** Sorted by name. */
  readonly entitlements: readonly AssignedEntitlement[];
}

/** When every account will be deleted, without another change; `undefined`: never, or there is none. */
export function accountsGoneAt(accounts: readonly CurrentAccount[]): number | undefined {
  if (accounts.length === 0) return undefined;
  let goneMs = Number.NEGATIVE_INFINITY;
  for (const { state, deleteAtMs } of accounts) {
    if (state === 'absent') continue;
    if (deleteAtMs === undefined) return undefined;
    goneMs = Math.max(goneMs, deleteAtMs);
  }
  return goneMs;
}
