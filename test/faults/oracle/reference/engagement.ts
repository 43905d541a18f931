import type { Attributes, LeftData } from '@latchkey/contracts';
import { endMillisecondsOf, millisecondsOf } from './moment.ts';
import { type EngagementFact, foldFacts, type Period, readAt } from './periods.ts';

/** State of an engagement at a moment, over all readings of its facts. Tied facts can have several readings. */
export interface EngagementNow {
  /** It runs in at least one reading. */
  readonly runs: boolean;
  /** It runs in every reading, with access. */
  readonly hasAccess: boolean;
  readonly isSuspended: boolean;
  /** It does not run, but at least one reading has a future start. */
  readonly isAhead: boolean;
  /** Attributes of each reading in which it runs. */
  readonly variants: readonly Attributes[];
}

/** With more different readings, a review decides. */
const READINGS_MAX_COUNT = 16;
/** Limit for the orders of tied facts that are tried. */
const ORDERS_MAX_COUNT = 5_000;

/**
 * Folds facts in the source's order, and tied ones in every order. `undefined`: there are too many
 * readings.
 */
export function readEngagement(
  facts: readonly EngagementFact[],
  nowMs: number,
): EngagementNow | undefined {
  const readings = listReadings(facts);
  if (readings === undefined) return undefined;
  const now = readings.map((periods) => readAt(periods, nowMs));
  const running = now.filter(({ runs }) => runs);
  return {
    runs: running.length > 0,
    hasAccess: now.every(({ hasAccess }) => hasAccess),
    isSuspended: running.some(({ isSuspended }) => isSuspended),
    isAhead: running.length === 0 && now.some(({ isAhead }) => isAhead),
    variants: running.map(({ attributes }) => attributes),
  };
}

/** Readings that differ at some moment, each once. */
function listReadings(facts: readonly EngagementFact[]): (readonly Period[])[] | undefined {
  const groups = [...Map.groupBy(facts, ({ order }) => order)].toSorted(([a], [b]) =>
    a < b ? -1 : 1,
  );
  const orders = groups.reduce<readonly (readonly EngagementFact[])[]>(
    (read, [, tied]) =>
      read.length > ORDERS_MAX_COUNT
        ? read
        : read.flatMap((before) => listOrders(tied).map((more) => [...before, ...more])),
    [[]],
  );
  if (orders.length > ORDERS_MAX_COUNT) return undefined;
  const moments = [...new Set(facts.flatMap(listMoments))];
  const different = new Map(
    orders.map((order) => {
      const periods = foldFacts(order);
      return [JSON.stringify(moments.map((atMs) => readAt(periods, atMs))), periods];
    }),
  );
  return different.size > READINGS_MAX_COUNT ? undefined : [...different.values()];
}

function listOrders(tied: readonly EngagementFact[]): readonly (readonly EngagementFact[])[] {
  if (tied.length <= 1) return [tied];
  return tied.flatMap((first) =>
    listOrders(tied.filter((other) => other !== first)).map((rest) => [first, ...rest]),
  );
}

/** All moments in a fact. */
function listMoments({ data }: EngagementFact): readonly number[] {
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
