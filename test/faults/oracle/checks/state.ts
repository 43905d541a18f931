import { canonical, uuidOf } from '../canonical.ts';
import {
  type Check,
  type Observations,
  objectOf,
  selectCountingContents,
} from '../observations.ts';
import { type AccountState, diffPerson, type PersonState } from '../person-state.ts';
import { derivePerson } from '../reference/person.ts';
import { listEndings } from '../reference/verification.ts';
import { groupByPerson, groupByVerification, type PersonKey } from '../sent-facts.ts';

/**
 * The database, and a consumer of the messages, have the state that the reference derives from the sent facts, and
 * contain no other identities.
 */
export const state: Check = (observed) => {
  const counting = [...selectCountingContents(observed).values()];
  const persons = groupByPerson(counting);
  const ids = new Set(persons.map(({ key }) => identityIdOf(key)));
  const database = readDatabase(observed);
  const downstream = readMessages(observed);
  const unknown = [...new Set([...database.keys(), ...downstream.keys()])].filter(
    (id) => !ids.has(id),
  );
  return [
    ...persons.flatMap(({ key, facts }) => {
      const expected = derivePerson(facts, observed.nowMs);
      if (expected === undefined) return []; // a review decides
      const name = `${key.source} ${key.externalId}`;
      const id = identityIdOf(key);
      return [
        ...diffPerson(`${name} in the database`, expected, database.get(id), key.externalId),
        ...diffPerson(`${name} downstream`, expected, downstream.get(id), key.externalId),
      ];
    }),
    ...unknown.map((id) => `identity ${id} was not sent`),
    ...verificationFaults(observed),
  ];
};

function identityIdOf({ source, externalId }: PersonKey): string {
  return uuidOf('identity', source, externalId);
}

function readDatabase({ evidence }: Observations): ReadonlyMap<string, PersonState> {
  const assignments = Map.groupBy(evidence.assignments, ({ accountId }) => accountId);
  const accounts = Map.groupBy(evidence.accounts, ({ identityId }) => identityId);
  return new Map(
    evidence.identities.map(({ identityId, lifecycle }) => {
      const own = (accounts.get(identityId) ?? []).map((account) => {
        const assigned = assignments.get(account.accountId) ?? [];
        const entitlements = assigned.map(({ entitlement }) => entitlement).sort();
        const attributes = canonical(JSON.parse(account.attributes));
        return [account.target, { ...account, attributes, entitlements }] as const;
      });
      return [identityId, { lifecycle, accounts: new Map(own) }];
    }),
  );
}

/** Follows the contract for consumers: the message with the highest generation of each object counts. */
function readMessages({ messages }: Observations): ReadonlyMap<string, PersonState> {
  const known = new Map<
    string,
    { lifecycle: string | undefined; accounts: Map<string, AccountState> }
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
    else person.accounts.set(String(data['target']), parseAccount(data));
  }
  return known;
}

function parseAccount(data: Readonly<Record<string, unknown>>): AccountState {
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

const verificationFaults: Check = (observed) => {
  const rows = new Map(observed.evidence.verifications.map((row) => [row.verification, row]));
  return groupByVerification([...selectCountingContents(observed).values()]).flatMap(
    ({ id, facts }) => {
      const row = rows.get(id);
      const endings = listEndings(facts);
      const isRight =
        endings.length === 0
          ? row?.state === 'pending'
          : endings.some(
              ({ outcome, attempt }) =>
                row?.state === outcome && (attempt === undefined || attempt === row.attempt),
            );
      const expected = endings.map(({ outcome }) => outcome).join(' or ') || 'pending';
      return isRight ? [] : [`verification ${id}: ${row?.state} instead of ${expected}`];
    },
  );
};
