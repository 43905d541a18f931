import type { TestDatabase } from './database.ts';
import { eventually } from './eventually.ts';
import type { OutputMessage } from './output-reader.ts';

/** The state of a consumer that keeps the highest generation of each object: by object, as text. */
export type Downstream = ReadonlyMap<string, string>;

/** The state of this consumer after these messages. */
export function downstreamOf(messages: readonly OutputMessage[]): Downstream {
  const highest = new Map<string, OutputMessage>();
  for (const message of messages) {
    const object = objectOf(message);
    if (object === undefined) continue;
    if (message.generation > (highest.get(object)?.generation ?? 0n)) highest.set(object, message);
  }
  return sorted([...highest].map(([object, message]) => [object, stateOf(message)]));
}

/** The state of the same objects in the database. */
export async function publishedStateOf(database: TestDatabase): Promise<Downstream> {
  const rows = await database.query<{ object: string; state: string }>(STATE);
  return sorted(rows.map(({ object, state }) => [object, canonical(JSON.parse(state))]));
}

/** Waits until the consumer and the database agree. */
export async function untilSame(
  database: TestDatabase,
  read: () => readonly OutputMessage[] | Promise<readonly OutputMessage[]>,
): Promise<void> {
  await eventually(
    'objects that differ',
    async () => differencesFrom(database, await read()),
    (found) => found.length === 0,
  );
}

/** At most three objects whose state differs between consumer and database; each in one line. */
export async function differencesFrom(
  database: TestDatabase,
  messages: readonly OutputMessage[],
): Promise<readonly string[]> {
  return differences(downstreamOf(messages), await publishedStateOf(database));
}

function differences(downstream: Downstream, database: Downstream): readonly string[] {
  const objects = new Set([...downstream.keys(), ...database.keys()]);
  return [...objects]
    .filter((object) => downstream.get(object) !== database.get(object))
    .map((object) => `${object}: ${downstream.get(object)} / ${database.get(object)}`)
    .slice(0, 3);
}

function objectOf({ topic, key, data }: OutputMessage): string | undefined {
  if (topic === 'access') return `account ${String(data['accountId'])}`;
  if (topic === 'lifecycle') return `identity ${key}`;
  return topic === 'verifications' ? `verification ${key}` : undefined;
}

function stateOf({ topic, data, generation }: OutputMessage): string {
  const named = (names: readonly string[]): object =>
    Object.fromEntries(names.map((name) => [name, data[name]]));
  const count = { generation: generation.toString() };
  if (topic === 'lifecycle') return canonical({ ...named(['lifecycle']), ...count });
  if (topic === 'verifications') return canonical({ ...named(['outcome', 'purpose']), ...count });
  const entitlements = (data['entitlements'] as readonly { name: string }[]).map(
    ({ name }) => name,
  );
  return canonical({ ...named(['account']), entitlements: entitlements.sort(), ...count });
}

/** Members in the order of their names. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

function sorted(entries: readonly (readonly [string, string])[]): Downstream {
  return new Map([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
}

const STATE = `
  select 'identity ' || identity_id as object,
    json_build_object('lifecycle', lifecycle, 'generation', generation::text)::text as state
  from identity where generation > 0
  union all
  select 'account ' || account_id, json_build_object(
    'account', json_build_object('state', state, 'userName', user_name, 'attributes', attributes::json),
    'entitlements', (select coalesce(json_agg(entitlement order by entitlement collate "C"), '[]'::json)
      from assignment where assignment.account_id = account.account_id),
    'generation', generation::text)::text
  from account
  union all
  select 'verification ' || verification_id, json_build_object(
    'outcome', state, 'purpose', purpose, 'generation', generation::text)::text
  from verification where state <> 'pending'`;
