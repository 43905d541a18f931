import fc from 'fast-check';
import { expect, test } from 'vitest';
import { facts } from './facts.test-support.ts';
import { CERTAIN_POLICY, daysAgo, fact } from './person.test-support.ts';
import { addStatement, readEngagement } from './record/engagement.ts';
import { type EngagementFact, type Fact, isBlockFact } from './record/fact.ts';
import { sortInOrder } from './record/order.ts';
import { foldPeriods } from './record/periods.ts';
import { type Statement, statementOf } from './record/statement.ts';
import { type Timeline, timelineOf } from './record/timeline.ts';

const KEY = { source: 'urn:example:hr', engagement: 'E1' };

/** Every order of the statements, tied ones in each: what the reading is defined by. */
function everyTimeline(statements: readonly Statement[]): readonly Timeline[] {
  const groups = [...Map.groupBy(sortInOrder(statements), ({ order }) => order).values()];
  const orders = groups.reduce<readonly (readonly Statement[])[]>(
    (known, group) =>
      permutationsOf(group).flatMap((order) => known.map((before) => [...before, ...order])),
    [[]],
  );
  const timelines = orders.map((order) => timelineOf(foldPeriods(order)));
  return [...new Map(timelines.map((timeline) => [textOf(timeline), timeline])).values()];
}

function permutationsOf(group: readonly Statement[]): readonly (readonly Statement[])[] {
  if (group.length <= 1) return [group];
  return group.flatMap((first, index) =>
    permutationsOf(group.toSpliced(index, 1)).map((rest) => [first, ...rest]),
  );
}

function textOf(timeline: Timeline): string {
  const entriesOf = (variant: object) => Object.entries(variant).sort();
  return JSON.stringify(
    timeline.map(({ fromMs, running, access, suspended, variants }) => {
      return [fromMs, running, access, suspended, variants.map(entriesOf)];
    }),
  );
}

function textsOf(timelines: readonly Timeline[]): readonly string[] {
  return timelines.map(textOf).sort();
}

/** Statements of one engagement: some in an order of their own, and behind them a tied group. */
const oneGroup = fc
  .tuple(facts(40), facts(1))
  .map(([before, group]) => [
    ...before,
    ...group.map((one) => ({ ...one, order: 41n, eventId: `${one.eventId}-tied` })),
  ]);

function ofOneEngagement(stated: readonly Fact[]): readonly Statement[] {
  return stated
    .filter((one): one is EngagementFact => !isBlockFact(one))
    .map((one) => statementOf({ ...one, source: KEY.source }, CERTAIN_POLICY));
}

test('a tied group has exactly the readings that its orders have', () => {
  fc.assert(
    fc.property(oneGroup, (facts) => {
      const statements = ofOneEngagement(facts);
      fc.pre(statements.filter(({ order }) => order === 41n).length <= 6);
      const { readings, tooMany } = readEngagement(KEY, statements).through.all;
      const all = textsOf(everyTimeline(statements));
      const found = new Set(readings.map((reading) => textOf(timelineOf(reading))));

      expect(tooMany).toBe(all.length > 64);
      if (!tooMany) expect([...found].sort()).toEqual(all);
    }),
    { numRuns: Number(process.env['RUNS'] ?? 200) },
  );
});

test('no reading of several groups is one that no order has, and added facts are read as all at once', () => {
  fc.assert(
    fc.property(facts(4), (stated) => {
      const statements = ofOneEngagement(stated);
      fc.pre(statements.length > 0);
      const known = readEngagement(KEY, statements);
      const [first, ...others] = sortInOrder(statements);
      const added = others.reduce(addStatement, readEngagement(KEY, first ? [first] : []));

      const all = new Set(textsOf(everyTimeline(statements)));
      for (const reading of known.through.all.readings) {
        expect(all.has(textOf(timelineOf(reading)))).toBe(true);
      }
      expect(added).toMatchObject({ reading: known.reading, timeline: known.timeline });
    }),
    { numRuns: 400 },
  );
});

/** Few dates, values and keys, so that facts of one stamp repeat each other, and newer ones tell them apart. */
const closeFacts = fc
  .array(
    fc.record({
      order: fc.integer({ min: 1, max: 3 }),
      stated: fc.oneof(
        fc.record({ kind: fc.constant('joined' as const), data: startOf() }),
        fc.record({
          kind: fc.constant('moved' as const),
          data: fc.record(
            { effectiveAt: closeMoment(), attributes: closeAttributes(), fact: fc.constant('F') },
            { requiredKeys: ['effectiveAt', 'attributes'] },
          ),
        }),
        fc.record({
          kind: fc.constant('stated' as const),
          data: fc.record({
            startsAt: closeMoment(),
            timeline: fc.array(fc.record({ from: closeMoment(), attributes: closeAttributes() }), {
              maxLength: 2,
            }),
          }),
        }),
        fc.record({
          kind: fc.constant('rescinded' as const),
          data: fc.record({
            rescinds: fc.oneof(
              fc.constantFrom('start' as const, 'end' as const),
              fc.record({ fact: fc.constant('F') }),
              fc.record({ kind: fc.constant('moved' as const), effectiveAt: closeMoment() }),
            ),
          }),
        }),
      ),
    }),
    { minLength: 2, maxLength: 5 },
  )
  .map((drawn) =>
    drawn.map(({ order, stated: { kind, data } }, at) =>
      fact(kind, order, data as never, { id: `${kind}-${String(at)}` }),
    ),
  );

function startOf() {
  return fc.record({ startsAt: closeMoment(), attributes: closeAttributes() });
}

function closeMoment() {
  return fc.constantFrom(daysAgo(9), daysAgo(6), daysAgo(3), daysAgo(1));
}

function closeAttributes() {
  return fc.record(
    { department: fc.constantFrom('Finance', 'Legal'), jobTitle: fc.constant('Clerk') },
    { requiredKeys: [] },
  );
}

test('facts of several stamps have exactly the readings that their orders have', () => {
  fc.assert(
    fc.property(closeFacts, (facts) => {
      const statements = ofOneEngagement(facts);
      const { readings, tooMany } = readEngagement(KEY, statements).through.all;
      const found = new Set(readings.map((reading) => textOf(timelineOf(reading))));
      fc.pre(!tooMany);
      expect([...found].sort()).toEqual(textsOf(everyTimeline(statements)));
    }),
    { numRuns: Number(process.env['RUNS'] ?? 1000) },
  );
});
