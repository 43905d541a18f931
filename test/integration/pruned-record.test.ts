import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { employee, hrEvent, inDays, type SentEvent } from '../support/events.ts';
import { type IntakeHarness, openIntakeHarness } from '../support/intake-harness.ts';
import { ageFacts, pruneAll } from '../support/pruning.ts';

const RUNS = 30;

/** One whose facts are pruned between batches, and one that keeps all. */
let pruned: IntakeHarness;
let whole: IntakeHarness;
let database: TestDatabase;
const opened = new AsyncDisposableStack();
beforeAll(async () => {
  database = opened.use(await createTestDatabase());
  pruned = opened.use(await openIntakeHarness(database));
  whole = opened.use(await openIntakeHarness(opened.use(await createTestDatabase())));
});
afterAll(() => opened.disposeAsync());

type Data = Readonly<Record<string, unknown>>;

/** Everything that downstream sees of a person, and what else is stored about the engagement. */
async function stateOf({ query }: IntakeHarness, person: string): Promise<unknown> {
  const own = 'where identity_id in (select identity_id from identity where external_id = $1)';
  const tables = [
    `select lifecycle, generation from identity ${own}`,
    `select engagement, starts_at, ends_at, access_ends_at, state from engagement ${own} order by 1`,
    `select account_id, state, user_name, attributes, generation from account ${own} order by 1`,
    `select * from assignment ${own} order by account_id, entitlement`,
    `select ce_id, payload::jsonb - 'effectiveAt' as payload from outbox
     where key in (select identity_id::text from identity where external_id = $1) order by lane, position`,
  ];
  return Promise.all(tables.map((text) => query(text, [person])));
}

/** The order below which the facts of an engagement were pruned. */
async function prunedBelow(engagement: string): Promise<number> {
  const [row] = await database.query<{ below: number | null }>(
    'select pruned_below::int as below from engagement_checkpoint where engagement = $1',
    [engagement],
  );
  return row?.below ?? 0;
}

function engagementOf({ data }: SentEvent): string {
  return (data as { readonly engagement: string }).engagement;
}

/** Sends events to both, those below what was pruned to one of them only: they must change nothing. */
async function sendToBoth(events: readonly SentEvent[]): Promise<void> {
  const below = new Map<string, number>();
  for (const engagement of new Set(events.map(engagementOf))) {
    below.set(engagement, await prunedBelow(engagement));
  }
  const isBelow = (event: SentEvent): boolean =>
    Number(event.sourceversion) < (below.get(engagementOf(event)) ?? 0);
  const old = events.filter(isBelow);
  if (old.length > 0) {
    expect(await pruned.process(old)).toMatchObject({ counts: { applied: 0, stale: old.length } });
  }
  const others = events.filter((event) => !isBelow(event));
  if (others.length > 0) expect(await pruned.process(others)).toEqual(await whole.process(others));
}

async function age(): Promise<void> {
  await ageFacts(database);
  await pruneAll(pruned.db);
}

const moment = fc.integer({ min: -6, max: 5 }).map((day) => inDays(day + 0.5));
const attributes = fc
  .record(
    {
      department: fc.constantFrom('Finance', 'Legal', null),
      jobTitle: fc.constantFrom('Controller', 'Clerk', null),
    },
    { requiredKeys: [] },
  )
  .map((some) => ({ ...employee('Sales'), ...some }));
type Drawn = readonly [kind: string, data: Data];
const of = (kind: string, data: fc.Arbitrary<Data>): fc.Arbitrary<Drawn> =>
  data.map((drawn) => [kind, drawn]);
const row = fc.constantFrom('F', 'G');
const statement = fc.oneof(
  of('joined', fc.record({ startsAt: moment, attributes })),
  { weight: 2, arbitrary: of('moved', fc.record({ effectiveAt: moment, attributes, fact: row })) },
  { weight: 2, arbitrary: of('moved', fc.record({ effectiveAt: moment, attributes })) },
  of('left', fc.record({ endsAt: moment })),
  of('left', fc.record({ endsAt: moment, immediate: fc.constant(true) })),
  of('suspended', fc.record({ effectiveAt: moment })),
  of('resumed', fc.record({ effectiveAt: moment })),
  of('rescinded', fc.record({ rescinds: fc.constantFrom('start', 'end') })),
  of('rescinded', fc.record({ rescinds: fc.record({ fact: row }) })),
  {
    weight: 4,
    arbitrary: of(
      'stated',
      fc
        .record({
          startsAt: moment,
          endsAt: fc.option(moment, { nil: undefined }),
          timeline: fc.array(fc.record({ from: moment, attributes }), { maxLength: 2 }),
        })
        .map(({ endsAt, ...rest }) => (endsAt === undefined ? rest : { ...rest, endsAt })),
    ),
  },
);
const history = (orders: number) =>
  fc.array(
    fc.record({
      drawn: statement,
      // Mostly in the source's order, as feeds are; then late, or tied.
      late: fc.constantFrom(0, 0, 0, 0, 1, 5, 20),
      order: fc.integer({ min: 1, max: orders }),
      engagement: fc.constantFrom('A', 'A', 'A', 'B'),
      endsBatch: fc.boolean(),
      isAged: fc.constantFrom(true, false, false),
    }),
    { minLength: 10, maxLength: 40 },
  );

let runs = 0;

test.each([
  ['far apart', 9],
  ['often tied', 40],
])(
  'what is left of pruned facts decides as all facts do: facts %s',
  { timeout: 240_000 },
  async (_, orders) => {
    await fc.assert(
      fc.asyncProperty(history(orders), async (steps) => {
        runs += 1;
        const person = `p${runs}`;
        let batch: SentEvent[] = [];
        for (const [at, { drawn, late, order, engagement, endsBatch, isAged }] of steps.entries()) {
          const [kind, data] = drawn;
          const place = 10 * Math.max(at - late, 0) + order;
          batch.push(
            hrEvent(kind, person, place, { engagement: `${person}-${engagement}`, ...data }),
          );
          if (!endsBatch) continue;
          await sendToBoth(batch);
          batch = [];
          if (isAged) await age();
        }
        if (batch.length > 0) await sendToBoth(batch);
        expect(await stateOf(pruned, person)).toEqual(await stateOf(whole, person));
      }),
      { numRuns: RUNS },
    );
    const [bases] = await database.query<{ bases: number }>(
      'select count(base)::int as bases from engagement_checkpoint',
    );
    expect(bases?.bases).toBeGreaterThan(RUNS / 2);
  },
);

const ENDS = inDays(20.5);

/** A history with its full statement at order 50, and what arrives above it after the pruning. */
const HISTORIES: readonly (readonly [string, readonly Drawn[], Data, readonly Drawn[]])[] = [
  [
    'suspended before the full statement, resumed after it',
    [['suspended', { effectiveAt: inDays(-4.5) }]],
    {},
    [['resumed', { effectiveAt: inDays(-2.5) }]],
  ],
  [
    'an immediate leave that the full statement confirms',
    [['left', { endsAt: inDays(-3.5), immediate: true, accessEndsAt: inDays(-3.5) }]],
    { endsAt: inDays(-3.5) },
    [['moved', { effectiveAt: inDays(-5.5), attributes: { department: 'Legal' } }]],
  ],
  [
    'an announced leave that is rescinded after the full statement has confirmed it',
    [['left', { endsAt: ENDS, accessEndsAt: inDays(10.5) }]],
    { endsAt: ENDS },
    [['rescinded', { rescinds: 'end' }]],
  ],
  [
    'a leave that a rejoin follows',
    [
      ['left', { endsAt: inDays(-6.5) }],
      ['joined', { startsAt: inDays(-4.5), attributes: employee('Legal') }],
    ],
    { startsAt: inDays(-4.5) },
    [['suspended', { effectiveAt: inDays(-1.5) }]],
  ],
  [
    'a row of before is rescinded',
    [['moved', { effectiveAt: inDays(-3.5), fact: 'F', attributes: { department: 'Legal' } }]],
    {},
    [['rescinded', { rescinds: { fact: 'F' } }]],
  ],
];

test.each(HISTORIES)('%s: as without pruning', async (_, before, full, after) => {
  for (const order of [60, 50]) {
    runs += 1;
    const person = `p${runs}`;
    const event = (place: number, [kind, data]: Drawn): SentEvent =>
      hrEvent(kind, person, place, data);
    await sendToBoth([
      event(1, ['joined', { startsAt: inDays(-9.5), attributes: employee('Sales') }]),
      ...before.map((drawn, at) => event(at + 2, drawn)),
    ]);
    const timeline = [{ from: inDays(-9.5), attributes: employee('Finance') }];
    await sendToBoth([event(50, ['stated', { startsAt: inDays(-9.5), timeline, ...full }])]);
    await age();
    expect(await prunedBelow(`E-${person}`)).toBe(50);
    // At 50 they are tied with the full statement.
    await sendToBoth(after.map((drawn) => event(order, drawn)));
    expect(await stateOf(pruned, person)).toEqual(await stateOf(whole, person));
  }
});
