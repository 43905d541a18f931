import fc from 'fast-check';
import { CONTRACTORS, DAY_MS, fact, HR, NOW_MS, SECURITY } from './person.test-support.ts';
import { type Fact, type FactKind } from './record/fact.ts';

/** Whole days around now: few enough that facts meet. */
export const days = fc.integer({ min: -4, max: 4 });
const moment = days.map((day) => new Date(NOW_MS + day * DAY_MS).toISOString());
const attributes = fc.record(
  {
    department: fc.constantFrom('Finance', 'Legal', null),
    jobTitle: fc.constantFrom('Controller', 'Clerk', null),
    email: fc.constantFrom('a@example.com', 'b@example.com'),
    employmentType: fc.constantFrom('employee', 'contractor', null),
  },
  { requiredKeys: [] },
);
const rescinds = fc.oneof(
  fc.constantFrom('start' as const, 'end' as const),
  fc.record({ fact: fc.constantFrom('F', 'G') }),
  fc.record({
    kind: fc.constantFrom('moved' as const, 'suspended' as const, 'resumed' as const),
    effectiveAt: moment,
  }),
);

type Stated = readonly [FactKind, object];

function stating(): fc.Arbitrary<Stated> {
  const of = (kind: FactKind, data: fc.Arbitrary<object>): fc.Arbitrary<Stated> =>
    data.map((stated) => [kind, stated] as const);
  return fc.oneof(
    of('joined', fc.record({ startsAt: moment, attributes })),
    of(
      'moved',
      fc.record(
        { effectiveAt: moment, attributes, fact: fc.constantFrom('F', 'G') },
        { requiredKeys: ['effectiveAt', 'attributes'] },
      ),
    ),
    of(
      'left',
      fc.record(
        { endsAt: moment, accessEndsAt: moment, immediate: fc.boolean() },
        { requiredKeys: ['endsAt'] },
      ),
    ),
    of('suspended', fc.record({ effectiveAt: moment })),
    of('resumed', fc.record({ effectiveAt: moment })),
    of('rescinded', fc.record({ rescinds })),
    of(
      'stated',
      fc.record({
        startsAt: moment,
        timeline: fc.array(fc.record({ from: moment, attributes }), { maxLength: 2 }),
      }),
    ),
    of('blocked', fc.record({ reason: fc.constant('r') })),
    of('released', fc.record({ reason: fc.constant('r') })),
  );
}

/** Facts of up to two engagements; `orders` small makes ties likely. */
export function facts(orders: number, maxLength = 8, minLength = 1): fc.Arbitrary<Fact[]> {
  const one = fc.record({
    stated: stating(),
    order: fc.integer({ min: 1, max: orders }),
    engagement: fc.constantFrom(
      { source: HR, engagement: 'A' },
      { source: CONTRACTORS, engagement: 'B' },
    ),
  });
  return fc.array(one, { minLength, maxLength }).map((drawn) =>
    drawn.map(({ stated: [kind, data], order, engagement: { source, engagement } }, index) => {
      const isBlock = kind === 'blocked' || kind === 'released';
      return fact(
        kind,
        order,
        { ...data, ...(isBlock ? {} : { engagement }) },
        {
          source: isBlock ? SECURITY : source,
          id: `${kind}-${String(order)}-${String(index)}`,
        },
      );
    }),
  );
}

/** The same facts in two orders, the second cut into batches, some delivered again. */
export function deliveries(all: fc.Arbitrary<Fact[]>) {
  return all.chain((drawn) =>
    fc.record({
      facts: fc.constant(drawn),
      shuffled: fc.shuffledSubarray([...drawn, ...drawn], {
        minLength: drawn.length * 2,
        maxLength: drawn.length * 2,
      }),
      batchSize: fc.integer({ min: 1, max: 5 }),
    }),
  );
}
