import { canonical, uuidOf } from '../canonical.ts';
import { type HeldAccount, type HeldPerson, personFaults } from '../held-person.ts';
import { expectedPerson } from '../reference/person.ts';
import { possibleEndings } from '../reference/verification.ts';
import { type Check, countingContents, objectOf, type Seen } from '../seen.ts';
import { type PersonKey, personsOf, verificationsOf } from '../sent-facts.ts';

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
      if (expected === undefined) return []; // a person must decide
      const name = `${key.source} ${key.externalId}`;
      const id = identityIdOf(key);
      return [
        ...personFaults(`${name} in the database`, expected, database.get(id), key.externalId),
        ...personFaults(`${name} downstream`, expected, downstream.get(id), key.externalId),
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
  for (const message of messages) {
    const { topic, key, data, generation } = message;
    if (topic !== 'lifecycle' && topic !== 'access') continue;
    const object = `${topic} ${objectOf(message)}`;
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
