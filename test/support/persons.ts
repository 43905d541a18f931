import { permutationsOf, type SentEvent } from './events.ts';
import type { OutputMessage } from './output-reader.ts';
import type { TestSystem } from './system.ts';

/** Why an account has an entitlement, as published. */
export interface Reason {
  readonly rule?: string;
  readonly hash?: string;
}

/** The data of `latchkey.access.desired.v1`. */
export interface AccessData {
  readonly identityId: string;
  readonly target: string;
  readonly accountId: string;
  readonly generation: number;
  readonly account: {
    readonly state: 'absent' | 'disabled' | 'enabled';
    readonly userName: string;
    readonly attributes: Readonly<Record<string, unknown>>;
  };
  readonly entitlements: readonly { readonly name: string; readonly reasons: readonly Reason[] }[];
  readonly changes: readonly { readonly kind: string; readonly reason: string }[];
}

/** What a consumer knows of a person, from the messages alone. */
export interface KnownPerson {
  readonly identityId: string;
  /** Every published lifecycle, in order. */
  readonly lifecycles: readonly string[];
  /** The last message of each account, by target. */
  readonly accounts: Readonly<Record<string, AccessData>>;
  /** Every message of their accounts. */
  readonly access: readonly AccessData[];
}

/** What a consumer knows of the persons with these external ids. */
export async function knownPersons(
  system: TestSystem,
  persons: readonly string[],
): Promise<readonly KnownPerson[]> {
  const rows = await system.database.query<{ identity_id: string; external_id: string }>(
    'select identity_id, external_id from identity where external_id = any ($1)',
    [persons],
  );
  const ids = new Map(rows.map((row) => [row.external_id, row.identity_id]));
  const byKey = Map.groupBy(system.messages(), ({ key }) => key);
  return persons.map((person) => {
    const identityId = ids.get(person);
    if (identityId === undefined) throw new Error(`${person} is not known`);
    return knownPersonFrom(identityId, byKey.get(identityId) ?? []);
  });
}

/** The same of one person. */
export async function knownPerson(system: TestSystem, person: string): Promise<KnownPerson> {
  const [known] = await knownPersons(system, [person]);
  if (known === undefined) throw new Error(`${person} is not known`);
  return known;
}

/** Target to entitlements of every account that is enabled. */
export function enabledAccess({
  accounts,
}: KnownPerson): Readonly<Record<string, readonly string[]>> {
  const enabled = Object.values(accounts).filter(({ account }) => account.state === 'enabled');
  return Object.fromEntries(
    enabled.map(({ target, entitlements }) => [
      target,
      entitlements.map(({ name }) => name).sort(),
    ]),
  );
}

function knownPersonFrom(identityId: string, messages: readonly OutputMessage[]): KnownPerson {
  const access = messages
    .filter(({ topic }) => topic === 'access')
    .map(({ data }) => data as unknown as AccessData);
  return {
    identityId,
    lifecycles: messages
      .filter(({ topic }) => topic === 'lifecycle')
      .map(({ data }) => String(data['lifecycle'])),
    accounts: Object.fromEntries(access.map((data) => [data.target, data])),
    access,
  };
}

let scenarios = 0;

/** A person and the events about them, in the order in which they are sent. */
export interface PersonHistory {
  readonly person: string;
  /** `batch`: all at once; `single`: each after the effects of the one before. */
  readonly mode: 'batch' | 'single';
  readonly ordered: readonly SentEvent[];
}

/**
 * Sends the events of a scenario in every order, each order for another person: once as one
 * batch and once one by one, each event twice. Resolves with the persons when everything was processed and
 * its effects were read.
 */
export async function sendInEveryOrder(
  system: TestSystem,
  eventsOf: (person: string) => readonly SentEvent[],
): Promise<{ readonly persons: readonly string[]; readonly firsts: readonly SentEvent[] }> {
  const histories = historiesInEveryOrder(eventsOf);
  await sendHistories(system, histories);
  return {
    persons: histories.map(({ person }) => person),
    firsts: histories.map(({ ordered }) => ordered[0] as SentEvent),
  };
}

/** The events of a scenario in every order and mode, each for another person. Nothing is sent. */
export function historiesInEveryOrder(
  eventsOf: (person: string) => readonly SentEvent[],
): readonly PersonHistory[] {
  const orders = permutationsOf(eventsOf('').map((_, index) => index));
  return historiesInOrders(orders, eventsOf);
}

/** The same in some orders: each lists indexes of what `eventsOf` returns. */
export function historiesInOrders(
  orders: readonly (readonly number[])[],
  eventsOf: (person: string) => readonly SentEvent[],
): readonly PersonHistory[] {
  scenarios += 1;
  const prefix = `p${scenarios}`;
  return orders.flatMap((order, index) =>
    (['batch', 'single'] as const).map((mode) => {
      const person = `${prefix}-${mode}-${index}`;
      const events = eventsOf(person);
      return { person, mode, ordered: order.map((at) => events[at] as SentEvent) };
    }),
  );
}

/** Sends each event of these histories twice. Resolves when all were processed and their effects were read. */
export async function sendHistories(
  system: TestSystem,
  histories: readonly PersonHistory[],
): Promise<void> {
  const batches = histories.filter(({ mode }) => mode === 'batch');
  await system.send(...batches.flatMap(({ ordered }) => [...ordered, ...ordered]));
  const singles = histories.filter(({ mode }) => mode === 'single');
  const steps = Math.max(0, ...singles.map(({ ordered }) => ordered.length));
  for (let step = 0; step < steps; step += 1) {
    const now = singles.flatMap(({ ordered }) => ordered.slice(step, step + 1));
    await system.send(...now.flatMap((event) => [event, event]));
    await system.settled();
  }
  await system.settled();
}
