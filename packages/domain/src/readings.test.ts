import { expect, test } from 'vitest';
import {
  daysAgo,
  EMPLOYEE,
  EXAMPLE_POLICY,
  fact,
  inDays,
  joined,
  left,
  moved,
} from './person.test-support.ts';
import { knownRecordOf, recordOf } from './record/checkpoint/known-record.ts';
import { addStatement, type EngagementRecord, readEngagement } from './record/engagement.ts';
import { type EngagementFact, type Fact, isBlockFact } from './record/fact.ts';
import { extendRecord } from './record/record.ts';
import { type Statement, statementOf } from './record/statement.ts';

const KEY = { source: 'urn:example:hr', engagement: 'E1' };

function statementsOf(stated: readonly Fact[]): readonly Statement[] {
  return stated
    .filter((one): one is EngagementFact => !isBlockFact(one))
    .map((one) => statementOf(one, EXAMPLE_POLICY));
}

function read(stated: readonly Fact[]): EngagementRecord {
  return readEngagement(KEY, statementsOf(stated));
}

/** Rows of one stamp; each has an event id of its own. */
function tied(order: number, rows: readonly (readonly [string, object, string?])[]): Fact[] {
  return rows.map(([effectiveAt, attributes, row], at) =>
    fact(
      'moved',
      order,
      { effectiveAt, attributes: attributes as never, ...(row === undefined ? {} : { fact: row }) },
      { id: `${String(order)}-${String(at)}` },
    ),
  );
}

test('rows of one stamp that commute are one reading, however many there are', () => {
  const names = ['department', 'jobTitle', 'location', 'manager', 'email'];
  const rows = Array.from({ length: 40 }, (_, at) => {
    return [daysAgo(at), { [names[at % names.length] ?? '']: `v${String(at)}` }] as const;
  });

  expect(read([joined(1, daysAgo(90)), ...tied(2, rows)]).reading).toBe('certain');
});

test('many tied facts that arrive together are read once, give the same record, and all count as applied', () => {
  const rows = (count: number) =>
    Array.from(
      { length: count },
      (_, at) => [daysAgo(2), { department: `d${String(at)}` }] as const,
    );
  for (const count of [16, 17, 500]) {
    const facts = [joined(1, daysAgo(90)), ...tied(2, rows(count))];

    const { record, applied } = extendRecord(
      recordOf(knownRecordOf([], EXAMPLE_POLICY)),
      facts,
      EXAMPLE_POLICY,
    );

    expect(record).toEqual(recordOf(knownRecordOf(facts, EXAMPLE_POLICY)));
    if (count > 16) expect(applied.size).toBe(count + 1);
  }
});

test('a hundred transactions of two rows are one reading', () => {
  const rows = Array.from({ length: 100 }, (_, at) =>
    tied(at + 2, [
      [daysAgo(at), { department: `d${String(at)}` }],
      [daysAgo(at), { location: `l${String(at)}` }],
    ]),
  );

  expect(read([joined(1, daysAgo(200)), ...rows.flat()]).reading).toBe('certain');
});

test.each([
  { count: 2, reading: 'disputed' },
  { count: 16, reading: 'disputed' },
  { count: 17, reading: 'held' },
  { count: 200, reading: 'held' },
])('$count values of one name and moment with one stamp are $reading', ({ count, reading }) => {
  const rows = Array.from({ length: count }, (_, at) => {
    return [daysAgo(2), { department: `d${String(at)}` }] as const;
  });
  const known = read([joined(1, daysAgo(90)), ...tied(2, rows)]);

  expect(known.reading).toBe(reading);
  if (reading === 'disputed') expect(known.timeline.at(-1)?.variants).toHaveLength(count);
});

test.each([
  { pairs: 4, reading: 'disputed' },
  { pairs: 5, reading: 'held' },
  { pairs: 50, reading: 'held' },
])('$pairs transactions that contradict themselves are $reading', ({ pairs, reading }) => {
  const rows = Array.from({ length: pairs }, (_, at) =>
    tied(at + 2, [
      [daysAgo(at + 1), { department: 'Finance' }],
      [daysAgo(at + 1), { department: 'Legal' }],
    ]),
  );

  expect(read([joined(1, daysAgo(90)), ...rows.flat()]).reading).toBe(reading);
});

const CONTRADICTION = tied(
  2,
  Array.from({ length: 17 }, (_, at) => [daysAgo(2), { department: `d${String(at)}` }] as const),
);
const MANY = Array.from({ length: 9 }, (_, at) =>
  tied(at + 3, [
    [daysAgo(at + 3), { department: 'Finance' }],
    [daysAgo(at + 3), { department: 'Legal' }],
  ]),
).flat();
const STATED = fact('stated', 90, {
  startsAt: daysAgo(90),
  timeline: [{ from: daysAgo(90), attributes: EMPLOYEE }],
});

test.each([
  {
    title: 'a newer row of the same moment',
    stated: CONTRADICTION,
    ends: moved(90, daysAgo(2), { department: 'Sales' }),
  },
  {
    title: 'a row that rescinds them',
    stated: CONTRADICTION,
    ends: fact('rescinded', 90, { rescinds: { kind: 'moved', effectiveAt: daysAgo(2) } }),
  },
  { title: 'a full statement', stated: CONTRADICTION, ends: STATED },
  {
    title: 'a full statement behind more than are followed',
    stated: [...CONTRADICTION, ...MANY],
    ends: STATED,
  },
])('$title ends the dispute, added or read', ({ stated, ends }) => {
  const disputed = read([joined(1, daysAgo(90)), ...stated]);
  const [ending] = statementsOf([ends]);
  expect(disputed.reading).toBe('held');

  expect(read([joined(1, daysAgo(90)), ...stated, ends]).reading).toBe('certain');
  expect(ending && addStatement(disputed, ending).reading).toBe('certain');
});

test('a hire of one stamp is read, with rows that repeat it, date ahead and go back', () => {
  const hire = [
    joined(1, daysAgo(9), { ...EMPLOYEE, location: 'Rome' }),
    ...tied(1, [
      [daysAgo(9), { department: EMPLOYEE['department'] }],
      [daysAgo(9), { jobTitle: 'Clerk' }],
      [inDays(9), { department: 'Finance' }],
      [daysAgo(20), { manager: 'M-1' }],
    ]),
  ];

  const known = read(hire);

  expect(known.reading).toBe('certain');
  expect(known.timeline[0]?.variants).toEqual([
    { ...EMPLOYEE, location: 'Rome', jobTitle: 'Clerk', manager: 'M-1' },
  ]);
});

test('rows that a full statement of the same stamp repeats are no dispute', () => {
  const attributes = { ...EMPLOYEE, location: 'Rome' };
  const facts = [
    joined(1, daysAgo(90)),
    fact('stated', 2, { startsAt: daysAgo(90), timeline: [{ from: daysAgo(90), attributes }] }),
    ...tied(
      2,
      Array.from({ length: 20 }, (_, at) => [daysAgo(at), { location: 'Rome' }] as const),
    ),
  ];

  expect(read(facts).reading).toBe('certain');
});

test('statements of one stamp are read in bounded time', () => {
  const worst = [
    joined(1, daysAgo(90)),
    left(1, daysAgo(80)),
    ...tied(
      1,
      Array.from(
        { length: 400 },
        (_, at) =>
          [daysAgo(at % 7), { department: `d${String(at % 3)}` }, `F${String(at % 50)}`] as const,
      ),
    ),
    ...Array.from({ length: 400 }, (_, at) =>
      tied(at + 2, [
        [daysAgo(at % 30), { department: 'Finance' }, 'F'],
        [daysAgo(at % 20), { department: 'Legal' }, 'F'],
      ]),
    ).flat(),
  ];

  const { through } = read(worst);

  expect(through.all.tooMany).toBe(true);
  expect(through.all.effort).toBeLessThan(1_100_000);
});
