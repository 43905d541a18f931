import { canonical } from './canonical.ts';
import type { ExpectedAccount, ExpectedPerson } from './reference/person.ts';

/** An account in the database, or in the last message about it. */
export interface AccountState {
  readonly state: string;
  readonly userName: string | undefined;
  readonly attributes: string;
  readonly entitlements: readonly string[];
}

export interface PersonState {
  readonly lifecycle: string | undefined;
  readonly accounts: ReadonlyMap<string, AccountState>;
}

/** Differences between a person and the reference, one line each, prefixed with `who`. */
export function diffPerson(
  who: string,
  expected: ExpectedPerson,
  actual: PersonState | undefined,
  userName: string,
): readonly string[] {
  if (actual === undefined) return [`${who}: unknown`];
  const lifecycle =
    actual.lifecycle === expected.lifecycle
      ? []
      : [`${who}: ${actual.lifecycle} instead of ${expected.lifecycle}`];
  const accounts = Object.entries(expected.accounts).flatMap(([target, account]) => {
    const found = actual.accounts.get(target);
    if (found === undefined || found.state === 'absent') {
      // An account is created when it is first enabled, so a disabled one may be missing.
      return account.state === 'enabled' ? [`${who}: no account in ${target}`] : [];
    }
    const attributes = expected.attributes && canonical(expected.attributes);
    return diffAccount(`${who}: ${target}`, { ...account, attributes, userName }, found);
  });
  return [...lifecycle, ...accounts];
}

/** Differences of an existing account. Attributes of an account without reasons are not compared. */
function diffAccount(
  what: string,
  expected: ExpectedAccount & {
    readonly attributes: string | undefined;
    readonly userName: string;
  },
  found: AccountState,
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
