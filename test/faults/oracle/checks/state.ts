import { canonical, uuidOf } from '../canonical.ts';
import { type ExpectedPerson, expectedPerson } from '../reference/person.ts';
import { possibleEndings } from '../reference/verification.ts';
import { type Check, countingContents, type Seen } from '../seen.ts';
import { type PersonKey, personsOf, verificationsOf } from '../sent-facts.ts';

/** An account as the database has it, or as the last message about it says. */
interface HeldAccount {
  readonly state: string;
  readonly userName: string | undefined;
  readonly attributes: string;
  readonly entitlements: readonly string[];
}

interface HeldPerson {
  readonly lifecycle: string | undefined;
  readonly accounts: ReadonlyMap<string, HeldAccount>;
}

/**
 * The database, and a consumer who knows the messages only, hold what the reference derives from the facts
 * that were sent; and nobody else is there.
 */
export const state: Check = (seen) => {
  const counting = [...countingContents(seen).values()];
  const persons = personsOf(counting);
  const ids = new Set(persons.map(({ key }) => identityIdOf(key)));
  const database = inDatabase(seen);
  const downstream = inMessages(seen);
  const strangers = [...new Set([...database.keys(), ...downstream.keys()])].filter(
    (id) => !ids.has(id),
  );
  return [
    ...persons.flatMap(({ key, facts }) => {
      const expected = expectedPerson(facts, seen.nowMs);
      const name = `${key.source} ${key.externalId}`;
      const id = identityIdOf(key);
      return [
        ...differences(`${name} in the database`, expected, database.get(id), key.externalId),
        ...differences(`${name} downstream`, expected, downstream.get(id), key.externalId),
      ];
    }),
    ...strangers.map((id) => `identity ${id} is nobody who was sent`),
    ...verificationFaults(seen),
  ];
};

function identityIdOf({ source, externalId }: PersonKey): string {
  return uuidOf('identity', source, externalId);
}

function inDatabase({ evidence }: Seen): ReadonlyMap<string, HeldPerson> {
  const held = Map.groupBy(evidence.assignments, ({ accountId }) => accountId);
  const accounts = Map.groupBy(evidence.accounts, ({ identityId }) => identityId);
  return new Map(
    evidence.identities.map(({ identityId, lifecycle }) => {
      const own = (accounts.get(identityId) ?? []).map((account) => {
        const assigned = held.get(account.accountId) ?? [];
        const entitlements = assigned.map(({ entitlement }) => entitlement).sort();
        const attributes = canonical(JSON.parse(account.attributes));
        return [account.target, { ...account, attributes, entitlements }] as const;
      });
      return [identityId, { lifecycle, accounts: new Map(own) }];
    }),
  );
}

/** As the contract tells consumers to: of each object the message with the highest generation counts. */
function inMessages({ messages }: Seen): ReadonlyMap<string, HeldPerson> {
  const known = new Map<
    string,
    { lifecycle: string | undefined; accounts: Map<string, HeldAccount> }
  >();
  const highest = new Map<string, bigint>();
  for (const { topic, key, data, generation } of messages) {
    if (topic !== 'lifecycle' && topic !== 'access') continue;
    const object = `${topic} ${String(data['accountId'] ?? key)}`;
    if (generation <= (highest.get(object) ?? 0n)) continue;
    highest.set(object, generation);
    const person = known.get(key) ?? { lifecycle: undefined, accounts: new Map() };
    known.set(key, person);
    if (topic === 'lifecycle') person.lifecycle = String(data['lifecycle']);
    else person.accounts.set(String(data['target']), publishedAccount(data));
  }
  return known;
}

function publishedAccount(data: Readonly<Record<string, unknown>>): HeldAccount {
  const { account, entitlements } = data as {
    readonly account: { state: string; userName?: string; attributes: object };
    readonly entitlements: readonly { readonly name: string }[];
  };
  return {
    state: account.state,
    userName: account.userName,
    attributes: canonical(account.attributes),
    entitlements: entitlements.map(({ name }) => name).sort(),
  };
}

function differences(
  who: string,
  expected: ExpectedPerson,
  held: HeldPerson | undefined,
  userName: string,
): readonly string[] {
  if (held === undefined) return [`${who}: not known`];
  const attributes = expected.attributes && canonical(expected.attributes);
  return [
    ...(held.lifecycle === expected.lifecycle
      ? []
      : [`${who}: ${held.lifecycle} instead of ${expected.lifecycle}`]),
    ...Object.entries(expected.accounts).flatMap(([target, account]) => {
      const found = held.accounts.get(target);
      if (account.state === 'gone') {
        const isGone =
          found === undefined || (found.state !== 'enabled' && found.entitlements.length === 0);
        return isGone ? [] : [`${who}: ${target} is ${found.state}, expected to be gone`];
      }
      const wanted = { ...account, userName, attributes: attributes ?? found?.attributes };
      const { state, entitlements } = found ?? {};
      const has = { state, entitlements, userName: found?.userName, attributes: found?.attributes };
      return canonical(wanted) === canonical(has)
        ? []
        : [`${who}: ${target} is ${canonical(has)} instead of ${canonical(wanted)}`];
    }),
  ];
}

const verificationFaults: Check = (seen) => {
  const rows = new Map(seen.evidence.verifications.map((row) => [row.verification, row]));
  return verificationsOf([...countingContents(seen).values()]).flatMap(({ id, facts }) => {
    const row = rows.get(id);
    const endings = possibleEndings(facts);
    const isRight =
      endings.length === 0
        ? row?.state === 'pending'
        : endings.some(
            ({ outcome, attempt }) =>
              row?.state === outcome && (attempt === undefined || attempt === row.attempt),
          );
    const expected = endings.map(({ outcome }) => outcome).join(' or ') || 'pending';
    return isRight ? [] : [`verification ${id}: ${row?.state} instead of ${expected}`];
  });
};
