import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { employee, hrEvent, inDays, type SentEvent } from '../support/events.ts';
import { type IntakeHarness, openIntakeHarness } from '../support/intake-harness.ts';
import { blocked, decideHandedOver, moved, processBroken, released } from '../support/undecided.ts';

let database: TestDatabase;
let harness: IntakeHarness;
beforeEach(async () => {
  database = await createTestDatabase();
  harness = await openIntakeHarness(database);
});
afterEach(async () => {
  await harness[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

const STARTS_AT = inDays(-9);
const ENDS_AT = inDays(9);

function starts(person: string): SentEvent {
  return hrEvent('joined', person, 1, { startsAt: STARTS_AT, attributes: employee('Sales') });
}

/** What downstream is to have of a person, and what operators read: not which accounts were ever made. */
async function desiredOf(person: string): Promise<unknown> {
  const identity = await database.query(
    `select lifecycle, next_transition_at, parked_at from identity where external_id = $1`,
    [person],
  );
  const accounts = await database.query(
    `select target, attributes, (select json_agg(entitlement order by entitlement)::text
       from assignment where assignment.account_id = account.account_id) as held
     from account join identity using (identity_id)
     where external_id = $1 and account.state = 'enabled' order by target`,
    [person],
  );
  const engagements = await database.query(
    'select state, starts_at, ends_at, access_ends_at from engagement where external_id = $1',
    [person],
  );
  return { identity, accounts, engagements };
}

const STORIES: readonly (readonly [string, (person: string) => readonly SentEvent[]])[] = [
  ['joined', () => []],
  ['moved', (person) => [moved(person)]],
  ['blocked', (person) => [blocked(person)]],
  ['blocked and released', (person) => [blocked(person), released(person)]],
  ['ended at once', (person) => [hrEvent('left', person, 2, { endsAt: ENDS_AT, immediate: true })]],
  ['suspended', (person) => [hrEvent('suspended', person, 2, { effectiveAt: inDays(-1) })]],
  ['blocked, released and moved', (person) => [blocked(person), moved(person), released(person)]],
];

test.each(STORIES)(
  'a person who was %s while nothing could be decided ends as if it had been',
  async (_, story) => {
    await harness.process([starts('sound'), starts('known')]);
    for (const event of story('sound')) await harness.process([event]);
    const unknown = [starts('unknown'), ...story('unknown')];
    for (const event of [...story('known'), ...unknown]) await processBroken(harness, [event]);

    await decideHandedOver(harness);

    const expected = await desiredOf('sound');
    expect(await desiredOf('known')).toEqual(expected);
    expect(await desiredOf('unknown')).toEqual(expected);
    expect(await database.query('select from due_work')).toEqual([]);
  },
);

test('an account that an undecided block disabled is enabled again by the decision about its release', async () => {
  await harness.process([starts('a')]);
  await processBroken(harness, [blocked('a')]);
  await processBroken(harness, [released('a')]);
  const states = (): Promise<unknown> =>
    database.query('select distinct state, generation::int from account');
  expect(await states()).toEqual([{ state: 'disabled', generation: 2 }]);

  await decideHandedOver(harness);

  expect(await states()).toEqual([{ state: 'enabled', generation: 3 }]);
});
