import { permutationsOf, type SentEvent } from './events.ts';
import type { OutputMessage } from './output-reader.ts';
import type { TestSystem } from './system.ts';

/** Why an entitlement is held, as it is published. */
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

/** What downstream knows of a person, from the messages alone. */
export interface Known {
  readonly identityId: string;
  /** Every lifecycle that was announced, in order. */
  readonly lifecycles: readonly string[];
  /** The last message of each account, by target. */
  readonly accounts: Readonly<Record<string, AccessData>>;
  /** Every message of an account of theirs. */
  readonly access: readonly AccessData[];
}

/** What downstream knows of the persons with these external ids. */
export async function knownOf(
  system: TestSystem,
  persons: readonly string[],
): Promise<readonly Known[]> {
  const rows = await system.database.query<{ identity_id: string; external_id: string }>(
    'select identity_id, external_id from identity where external_id = any ($1)',
    [persons],
  );
  const ids = new Map(rows.map((row) => [row.external_id, row.identity_id]));
  const byKey = Map.groupBy(system.messages(), ({ key }) => key);
  return persons.map((person) => {
    const identityId = ids.get(person);
    if (identityId === undefined) throw new Error(`${person} is not known`);
    return knownFrom(identityId, byKey.get(identityId) ?? []);
  });
}

/** The same of one person. */
export async function knownOfOne(system: TestSystem, person: string): Promise<Known> {
  const [known] = await knownOf(system, [person]);
  if (known === undefined) throw new Error(`${person} is not known`);
  return known;
}

/** Target to entitlements of every account that is enabled. */
export function enabledAccess({ accounts }: Known): Readonly<Record<string, readonly string[]>> {
  const enabled = Object.values(accounts).filter(({ account }) => account.state === 'enabled');
  return Object.fromEntries(
    enabled.map(({ target, entitlements }) => [
      target,
      entitlements.map(({ name }) => name).sort(),
    ]),
  );
}

function knownFrom(identityId: string, messages: readonly OutputMessage[]): Known {
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

/**
 * Sends the events of a scenario in every order, each order for a person of its own: once as one
 * batch and once one by one, each event twice. Resolves with the persons when everything was taken and
 * its effects were read.
 */
export async function sendInEveryOrder(
  system: TestSystem,
  eventsOf: (person: string) => readonly SentEvent[],
): Promise<{ readonly persons: readonly string[]; readonly firsts: readonly SentEvent[] }> {
  scenarios += 1;
  const prefix = `p${scenarios}`;
  const count = eventsOf('').length;
  const orders = permutationsOf(Array.from({ length: count }, (_, index) => index));
  const lives = orders.flatMap((order, index) =>
    ['batch', 'single'].map((mode) => {
      const person = `${prefix}-${mode}-${index}`;
      const events = eventsOf(person);
      const ordered = order.map((at) => events[at] as SentEvent);
      return { person, mode, ordered };
    }),
  );
  const batches = lives.filter(({ mode }) => mode === 'batch');
  await system.send(...batches.flatMap(({ ordered }) => [...ordered, ...ordered]));
  const singles = lives.filter(({ mode }) => mode === 'single');
  for (let step = 0; step < count; step += 1) {
    const now = singles.map(({ ordered }) => ordered[step] as SentEvent);
    await system.send(...now.flatMap((event) => [event, event]));
    await system.settled();
  }
  await system.settled();
  return {
    persons: lives.map(({ person }) => person),
    firsts: lives.map(({ ordered }) => ordered[0] as SentEvent),
  };
}
