import type { Attributes, LeftData } from '@latchkey/contracts';
import { endMillisecondsOf, millisecondsOf } from './moment.ts';
import { type EngagementFact, foldFacts, type Period, sayAt } from './periods.ts';

/** What the facts say of an engagement at a moment. Where they can be read in several ways, all that they say. */
export interface EngagementNow {
  /** In some reading it runs. */
  readonly runs: boolean;
  /** In every reading it runs, and its access is not over. */
  readonly hasAccess: boolean;
  readonly isSuspended: boolean;
  /** It does not run, but in some reading a start lies ahead. */
  readonly isAhead: boolean;
  /** Of each reading in which it runs. */
  readonly variants: readonly Attributes[];
}

/** With more different readings a person must decide. */
const READINGS_MAX_COUNT = 16;
/** More orders than these take too long. */
const ORDERS_MAX_COUNT = 5_000;

/**
 * Folds facts in the source's order, whatever order they are given in; tied ones in each. `undefined`: the
 * readings are too many.
 */
export function readEngagement(
  facts: readonly EngagementFact[],
  nowMs: number,
): EngagementNow | undefined {
  const readings = readingsOf(facts);
  if (readings === undefined) return undefined;
  const now = readings.map((periods) => sayAt(periods, nowMs));
  const running = now.filter(({ runs }) => runs);
  return {
    runs: running.length > 0,
    hasAccess: now.every(({ hasAccess }) => hasAccess),
    isSuspended: running.some(({ isSuspended }) => isSuspended),
    isAhead: running.length === 0 && now.some(({ isAhead }) => isAhead),
    variants: running.map(({ attributes }) => attributes),
  };
}

/** Those that differ at some moment; each once. */
function readingsOf(facts: readonly EngagementFact[]): (readonly Period[])[] | undefined {
  const groups = [...Map.groupBy(facts, ({ order }) => order)].toSorted(([a], [b]) =>
    a < b ? -1 : 1,
  );
  const orders = groups.reduce<readonly (readonly EngagementFact[])[]>(
    (read, [, tied]) =>
      read.length > ORDERS_MAX_COUNT
        ? read
        : read.flatMap((before) => ordersOf(tied).map((more) => [...before, ...more])),
    [[]],
  );
  if (orders.length > ORDERS_MAX_COUNT) return undefined;
  const moments = [...new Set(facts.flatMap(momentsIn))];
  const different = new Map(
    orders.map((order) => {
      const periods = foldFacts(order);
      return [JSON.stringify(moments.map((atMs) => sayAt(periods, atMs))), periods];
    }),
  );
  return different.size > READINGS_MAX_COUNT ? undefined : [...different.values()];
}

function ordersOf(tied: readonly EngagementFact[]): readonly (readonly EngagementFact[])[] {
  if (tied.length <= 1) return [tied];
  return tied.flatMap((first) =>
    ordersOf(tied.filter((other) => other !== first)).map((rest) => [first, ...rest]),
  );
}

/** Everything that any member of a fact dates. */
function momentsIn({ data }: EngagementFact): readonly number[] {
  const found: number[] = [];
  JSON.stringify(data, (name, value: unknown) => {
    if (!MOMENT_NAMES.has(name) || value === undefined) return value;
    found.push(millisecondsOf(value as LeftData['endsAt']));
    found.push(endMillisecondsOf(value as LeftData['endsAt']));
    return null;
  });
  return found;
}

const MOMENT_NAMES = new Set(['startsAt', 'endsAt', 'accessEndsAt', 'effectiveAt', 'from']);
