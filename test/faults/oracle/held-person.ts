import { canonical } from './canonical.ts';
import type { ExpectedAccount, ExpectedPerson } from './reference/person.ts';

/** An account as the database has it, or as the last message about it says. */
export interface HeldAccount {
  readonly state: string;
  readonly userName: string | undefined;
  readonly attributes: string;
  readonly entitlements: readonly string[];
}

export interface HeldPerson {
  readonly lifecycle: string | undefined;
  readonly accounts: ReadonlyMap<string, HeldAccount>;
}

/** Where a person differs from what the reference expects; each in one line that begins with `who`. */
export function personFaults(
  who: string,
  expected: ExpectedPerson,
  held: HeldPerson | undefined,
  userName: string,
): readonly string[] {
  if (held === undefined) return [`${who}: not known`];
  const lifecycle =
    held.lifecycle === expected.lifecycle
      ? []
      : [`${who}: ${held.lifecycle} instead of ${expected.lifecycle}`];
  const accounts = Object.entries(expected.accounts).flatMap(([target, account]) => {
    const found = held.accounts.get(target);
    if (found === undefined || found.state === 'absent') {
      // One that would be disabled is made only when it is enabled.
      return account.state === 'enabled' ? [`${who}: no account in ${target}`] : [];
    }
    const attributes = expected.attributes && canonical(expected.attributes);
    return accountFaults(`${who}: ${target}`, { ...account, attributes, userName }, found);
  });
  return [...lifecycle, ...accounts];
}

/** What an account that is there must be. Nobody knows what one shows that is not needed any more. */
function accountFaults(
  what: string,
  expected: ExpectedAccount & {
    readonly attributes: string | undefined;
    readonly userName: string;
  },
  found: HeldAccount,
): readonly string[] {
  const isGone = expected.state === 'gone';
  const wanted = {
    state: isGone ? 'disabled' : expected.state,
    userName: expected.userName,
    attributes: isGone ? found.attributes : (expected.attributes ?? found.attributes),
    entitlements: expected.entitlements,
  };
  const { state, userName, attributes, entitlements } = found;
  const has = { state, userName, attributes, entitlements };
  return canonical(wanted) === canonical(has)
    ? []
    : [`${what} is ${canonical(has)} instead of ${canonical(wanted)}`];
}
