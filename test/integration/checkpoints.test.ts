import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { employee, hrEvent, inDays, SECURITY, type SentEvent } from '../support/events.ts';
import { type IntakeHarness, openIntakeHarness } from '../support/intake-harness.ts';

const RUNS = 25;
const MINUTE_MS = 60_000;

/** One whose heads are kept, and one whose heads are deleted before each batch: it reads all facts. */
let headed: IntakeHarness;
let whole: IntakeHarness;
const opened = new AsyncDisposableStack();
beforeAll(async () => {
  const databases: TestDatabase[] = [];
  for (let at = 0; at < 2; at += 1) databases.push(opened.use(await createTestDatabase()));
  [headed, whole] = (await Promise.all(
    databases.map(async (database) => opened.use(await openIntakeHarness(database))),
  )) as [IntakeHarness, IntakeHarness];
});
afterAll(() => opened.disposeAsync());

/** Half days around now, so that nothing becomes due while a test runs. */
const moment = fc.integer({ min: -6, max: 5 }).map((day) => inDays(day + 0.5));
const attributes = fc
  .record(
    {
      department: fc.constantFrom('Finance', 'Legal', null),
      jobTitle: fc.constantFrom('Controller', 'Clerk', null),
      large: fc.constantFrom('x', 'y'),
    },
    { requiredKeys: [] },
  )
  .map(({ large, ...some }) => ({
    ...employee('Sales'),
    ...some,
    ...(large === undefined ? {} : largeAttributes(large)),
  }));

/** Too large for a head. */
function largeAttributes(letter: string): Readonly<Record<string, string>> {
  const names = Array.from({ length: 9 }, (_, at) => `undeclared${at}`);
  return Object.fromEntries(names.map((name) => [name, letter.repeat(1_000)]));
}

type Drawn = readonly [kind: string, data: Readonly<Record<string, unknown>>];
const of = (kind: string, data: fc.Arbitrary<Drawn[1]>): fc.Arbitrary<Drawn> =>
  data.map((drawn) => [kind, drawn]);
const row = fc.constantFrom('F', 'G', 'H');
const stating = fc.oneof(
  of('joined', fc.record({ startsAt: moment, attributes })),
  { weight: 6, arbitrary: of('moved', fc.record({ effectiveAt: moment, attributes, fact: row })) },
  { weight: 2, arbitrary: of('moved', fc.record({ effectiveAt: moment, attributes })) },
  of('left', fc.record({ endsAt: moment })),
  of('left', fc.record({ endsAt: moment, immediate: fc.constant(true) })),
  of('suspended', fc.record({ effectiveAt: moment })),
  of('resumed', fc.record({ effectiveAt: moment })),
  of('rescinded', fc.record({ rescinds: fc.constantFrom('start', 'end') })),
  of('rescinded', fc.record({ rescinds: fc.record({ fact: row }) })),
  of(
    'stated',
    fc.record({
      startsAt: moment,
      timeline: fc.array(fc.record({ from: moment, attributes }), { maxLength: 2 }),
    }),
  ),
  of('blocked', fc.record({ reason: fc.constant('r'), incident: fc.constantFrom('I', 'J') })),
  of('released', fc.record({ reason: fc.constant('r'), incident: fc.constantFrom('I', 'J') })),
);
const history = (orders: number) =>
  fc.record({
    events: fc.array(
      fc.record({
        stated: stating,
        // Mostly in the source's order, as feeds are; then late, or tied.
        late: fc.constantFrom(0, 0, 0, 0, 1, 5, 20),
        order: fc.integer({ min: 1, max: orders }),
        engagement: fc.constantFrom('A', 'A', 'A', 'B'),
        again: fc.constantFrom(false, false, false, false, false, true),
      }),
      { minLength: 10, maxLength: 60 },
    ),
    sizes: fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 60, maxLength: 60 }),
  });
type History = ReturnType<typeof history> extends fc.Arbitrary<infer T> ? T : never;

let runs = 0;

function batchesOf({ events, sizes }: History): {
  readonly person: string;
  readonly batches: readonly (readonly SentEvent[])[];
} {
  runs += 1;
  const person = `p${runs}`;
  const sent: SentEvent[] = [];
  for (const [at, { stated, late, order, engagement, again }] of events.entries()) {
    const [kind, data] = stated;
    const place = 10 * Math.max(at - late, 0) + order;
    const before = sent.at(-1 - late);
    if (again && before !== undefined) sent.push(before);
    const isBlock = kind === 'blocked' || kind === 'released';
    sent.push(
      isBlock
        ? securityEvent(kind, person, place, data)
        : hrEvent(kind, person, place, { engagement: `${person}-${engagement}`, ...data }),
    );
  }
  const batches: SentEvent[][] = [];
  for (let from = 0; from < sent.length; from += sizes[batches.length - 1] ?? 1) {
    batches.push(sent.slice(from, from + (sizes[batches.length] ?? 1)));
  }
  return { person, batches };
}

function securityEvent(
  kind: string,
  person: string,
  revision: number,
  data: Readonly<Record<string, unknown>>,
): SentEvent {
  const about = { person: { source: 'urn:example:hr', externalId: person }, ...data };
  const changes = { source: SECURITY, type: `latchkey.person.${kind}.v1`, data: about };
  return hrEvent(kind, person, revision, {}, changes);
}

/** Everything that downstream and operators see of a person; without moments of decisions, which differ. */
async function stateOf(harness: IntakeHarness, person: string): Promise<unknown> {
  const query = (text: string): Promise<unknown[]> =>
    harness.query(
      `with own as (select * from identity where external_id = $1)
      ${text}`,
      [person],
    );
  const own = 'where identity_id in (select identity_id from own)';
  return {
    identities: await query(
      'select lifecycle, generation, record_version, next_transition_at is null as ends from own',
    ),
    engagements: await query(`
      select source, engagement, starts_at, ends_at, access_ends_at, state
      from engagement ${own} order by 1, 2`),
    accounts: await query(`
      select account_id, state, user_name, attributes, generation, disabled_at is null as enabled
      from account ${own} order by 1`),
    assignments: await query(`select * from assignment ${own} order by account_id, entitlement`),
    switches: await query(`select * from block_switch ${own} order by source, incident`),
    reviews: await query(`
      select review_id, kind, state from review
      where subject like $1 || '%' or subject in (select identity_id::text from own) order by 1`),
    outbox: await query(`
      select ce_id, key, payload::jsonb - 'effectiveAt' as payload
      from outbox where key in (select identity_id::text from own) order by lane, position`),
    facts: await query(`
      select fact.event_id, inbox.disposition from fact left join inbox using (event_id)
      ${own} order by 1`),
  };
}

/** Some transitions follow so many days after the decision. */
async function nextOf({ query }: IntakeHarness, person: string): Promise<number> {
  const [row] = await query<{ next: number }>(
    `select coalesce(extract(epoch from next_transition_at) * 1000, 0)::float as next
     from identity where external_id = $1`,
    [person],
  );
  return row?.next ?? Number.NaN;
}

test.each([
  ['far apart', 9],
  ['tied now and then', 30],
])(
  'heads and the facts above them decide as all facts do: facts %s',
  { timeout: 240_000 },
  async (_, orders) => {
    await fc.assert(
      fc.asyncProperty(history(orders), async (drawn) => {
        const { person, batches } = batchesOf(drawn);
        for (const events of batches) {
          await whole.query('delete from engagement_checkpoint');
          await whole.query('delete from checkpoint_row_key');
          const outcome = await headed.process(events);
          expect(outcome).toEqual(await whole.process(events));
          expect(outcome).toMatchObject({ counts: { deadLetter: 0 } });
        }
        expect(await stateOf(headed, person)).toEqual(await stateOf(whole, person));
        const [next, expected] = [await nextOf(headed, person), await nextOf(whole, person)];
        expect(Math.abs(next - expected)).toBeLessThan(MINUTE_MS);
      }),
      { numRuns: RUNS },
    );
    const [used] = await headed.query<{ heads: number; referring: number }>(`
      select count(head)::int as heads, count(*) filter (where referred <> '{}')::int as referring
      from engagement_checkpoint`);
    expect(used?.heads).toBeGreaterThan(RUNS / 2);
    expect(used?.referring).toBeGreaterThan(0);
  },
);
