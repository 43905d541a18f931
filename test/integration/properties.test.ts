import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { employee, hrEvent, type SentEvent } from '../support/events.ts';
import { openIntakeHarness } from '../support/intake-harness.ts';

const RUNS = 25;
const BEGIN = Date.parse('2026-01-01T00:00:00Z');
const DAY_MS = 86_400_000;

/** What a history is drawn from: a person, one of their events, and one of its contents. */
const delivery = fc.record({
  person: fc.integer({ min: 0, max: 2 }),
  event: fc.integer({ min: 0, max: 4 }),
  content: fc.constantFrom(0, 0, 0, 1),
  partition: fc.integer({ min: 0, max: 1 }),
});
type Drawn = typeof delivery extends fc.Arbitrary<infer T> ? T : never;

let runs = 0;

function eventOf(run: number, { person, event, content }: Drawn): SentEvent {
  const subject = `r${run}-p${person}`;
  const kinds = ['joined', 'moved', 'left', 'moved', 'joined'] as const;
  const kind = kinds[event] ?? 'joined';
  const at = new Date(BEGIN + (event * 10 + content) * DAY_MS).toISOString();
  const attributes = employee(content === 0 ? 'Sales' : 'Finance');
  const data = {
    joined: { startsAt: at, attributes },
    moved: { effectiveAt: at, attributes },
    left: { endsAt: at },
  }[kind];
  return hrEvent(kind, subject, event + 1, data, { id: `${subject}-${event}` });
}

/** The expected dispositions, for any batches: the first content of an id counts. */
function expected(drawn: readonly Drawn[]): Record<string, number> {
  const first = new Map<string, number>();
  const counts = { claimed: 0, duplicate: 0, conflict: 0 };
  for (const { person, event, content } of drawn) {
    const id = `${person}/${event}`;
    const known = first.get(id);
    if (known === undefined) {
      first.set(id, content);
      counts.claimed += 1;
    } else if (known === content) counts.duplicate += 1;
    else counts.conflict += 1;
  }
  return counts;
}

async function countsOf(database: TestDatabase): Promise<Record<string, number>> {
  const [row] = await database.query<Record<string, number>>(
    `select coalesce(sum(received), 0)::int as received,
      coalesce(sum(applied + stale), 0)::int as claimed, coalesce(sum(duplicate), 0)::int as duplicate,
      coalesce(sum(conflict), 0)::int as conflict from intake_progress`,
  );
  return row ?? {};
}

test('I1, I2, I7, I22, I23: any history in any batches', { timeout: 120_000 }, async () => {
  await using database = await createTestDatabase();
  await using harness = await openIntakeHarness(database);
  const history = fc.array(delivery, { minLength: 1, maxLength: 30 });
  const cuts = fc.integer({ min: 1, max: 8 });
  await fc.assert(
    fc.asyncProperty(history, cuts, async (drawn, size) => {
      runs += 1;
      const run = runs;
      const before = await countsOf(database);
      for (let at = 0; at < drawn.length; at += size) {
        const part = drawn.slice(at, at + size);
        const partition = part[0]?.partition ?? 0;
        await harness.process(
          part.map((one) => eventOf(run, one)),
          partition,
        );
      }
      const after = await countsOf(database);
      const gained = Object.fromEntries(
        Object.entries(after).map(([name, count]) => [name, count - (before[name] ?? 0)]),
      );
      // I1, I2 and I22: once each, other content never, and every delivery is accounted for.
      expect(gained).toEqual({ received: drawn.length, ...expected(drawn) });
      await expectGapless(database);
      // I23: everything again changes nothing but the counts of duplicates and conflicts.
      const state = await stateOf(database);
      await harness.process(drawn.map((one) => eventOf(run, one)));
      expect(await stateOf(database)).toEqual(state);
    }),
    { numRuns: RUNS },
  );
});

/** I7: contiguous positions, and generations that rise by one for each object in the order of the lane. */
async function expectGapless(database: TestDatabase): Promise<void> {
  const broken = await database.query(
    `select lane from outbox group by lane having max(position) <> count(*) or min(position) <> 1
     union all
     select lane from (
       select lane, generation, row_number() over (
         partition by coalesce(payload::json ->> 'accountId', key), headers::json ->> 'ce_type'
         order by lane, position) as expected from outbox) as numbered
     where generation <> expected`,
  );
  expect(broken).toEqual([]);
}

function stateOf(database: TestDatabase): Promise<unknown[]> {
  return database.query(
    `select 'inbox' as name, count(*)::int as n from inbox
     union all select 'fact', count(*)::int from fact
     union all select 'account', sum(generation)::int from account
     union all select 'identity', sum(generation)::int from identity
     union all select 'outbox', count(*)::int from outbox
     union all select 'audit', count(*)::int from audit_entry
     union all select 'conflict', count(*)::int from conflict
     order by 1`,
  );
}
