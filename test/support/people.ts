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

/** A person and the events about them, in the order in which they are sent. */
export interface Life {
  readonly person: string;
  /** `batch`: all at once; `single`: each after the effects of the one before. */
  readonly mode: 'batch' | 'single';
  readonly ordered: readonly SentEvent[];
}

/**
 * Sends the events of a scenario in every order, each order for a person of its own: once as one
 * batch and once one by one, each event twice. Resolves with the persons when everything was taken and
 * its effects were read.
 */
export async function sendInEveryOrder(
  system: TestSystem,
  eventsOf: (person: string) => readonly SentEvent[],
): Promise<{ readonly persons: readonly string[]; readonly firsts: readonly SentEvent[] }> {
  const lives = livesInEveryOrder(eventsOf);
  await sendLives(system, lives);
  return {
    persons: lives.map(({ person }) => person),
    firsts: lives.map(({ ordered }) => ordered[0] as SentEvent),
  };
}

/** The events of a scenario in every order and mode, each for a person of its own. Nothing is sent. */
export function livesInEveryOrder(
  eventsOf: (person: string) => readonly SentEvent[],
): readonly Life[] {
  const orders = permutationsOf(eventsOf('').map((_, index) => index));
  return livesInOrders(orders, eventsOf);
}

/** The same in some orders: each lists places in what `eventsOf` gives. */
export function livesInOrders(
  orders: readonly (readonly number[])[],
  eventsOf: (person: string) => readonly SentEvent[],
): readonly Life[] {
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

/** Sends each event of these lives twice. Resolves when all were taken and their effects were read. */
export async function sendLives(system: TestSystem, lives: readonly Life[]): Promise<void> {
  const batches = lives.filter(({ mode }) => mode === 'batch');
  await system.send(...batches.flatMap(({ ordered }) => [...ordered, ...ordered]));
  const singles = lives.filter(({ mode }) => mode === 'single');
  const steps = Math.max(0, ...singles.map(({ ordered }) => ordered.length));
  for (let step = 0; step < steps; step += 1) {
    const now = singles.flatMap(({ ordered }) => ordered.slice(step, step + 1));
    await system.send(...now.flatMap((event) => [event, event]));
    await system.settled();
  }
  await system.settled();
}
