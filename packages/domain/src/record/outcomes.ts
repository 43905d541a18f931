import { lastWords } from './last-words.ts';
import { foldPeriods, readStatement } from './periods.ts';
import { type Statement } from './statement.ts';
import { type Effort, isExhausted, keyOfWay, spend, type Way } from './way.ts';

/** Statements that clash in more than one manner are read in every order up to so many. */
const SHUFFLED_MAX_COUNT = 12;

/**
 * The different ways in which one way goes on when tied statements are read in any order. The first takes them as
 * they stand. `undefined`: there are more than `limit`, or too many to look at.
 *
 * @param parts - of the tied statements; only within a part the order makes a difference
 */
export function outcomesOf(
  way: Way,
  parts: readonly (readonly Statement[])[],
  limit: number,
  effort: Effort,
): readonly Way[] | undefined {
  let ways: readonly Way[] = [way];
  for (const part of parts) {
    const next = ways.flatMap((known) => outcomesOfPart(known, part, limit, effort) ?? []);
    if (isExhausted(effort) || next.length < ways.length || next.length > limit) return undefined;
    ways = next;
  }
  return ways;
}

/** The first of those that say the same whatever is stated later. */
export function distinctWays(ways: readonly Way[], effort: Effort): readonly Way[] {
  if (ways.length === 1) return ways;
  const distinct = new Map<string, Way>();
  for (const way of ways) addWay(distinct, way, effort);
  return [...distinct.values()];
}

function outcomesOfPart(
  way: Way,
  part: readonly Statement[],
  limit: number,
  effort: Effort,
): readonly Way[] | undefined {
  const [only, second] = part;
  if (only !== undefined && second === undefined) return [readStatement(way, only)];
  const rows = part.filter((statement) => statement.kind === 'moved');
  if (rows.length < part.length) return inEveryOrder(way, part, effort);
  const outcomes = new Map<string, Way>();
  for (const order of lastWords(rows)) {
    addWay(outcomes, foldPeriods(order, way), effort);
    if (outcomes.size > limit || isExhausted(effort)) return undefined;
  }
  return [...outcomes.values()];
}

function addWay(ways: Map<string, Way>, way: Way, effort: Effort): void {
  const key = keyOfWay(way, effort);
  if (!ways.has(key)) ways.set(key, way);
}

/** The ways that read a set of statements, in all its orders. */
interface Place {
  readonly read: ReadonlySet<Statement>;
  readonly ways: Map<string, Way>;
}

/** Goes through the sets of statements that were read first, so that ways which meet again go on as one. */
function inEveryOrder(
  start: Way,
  part: readonly Statement[],
  effort: Effort,
): readonly Way[] | undefined {
  if (part.length > SHUFFLED_MAX_COUNT) return undefined;
  let places: readonly Place[] = [{ read: new Set(), ways: new Map([['', start]]) }];
  for (let size = 0; size < part.length; size += 1) {
    places = placesAfter(places, part, effort);
    if (isExhausted(effort)) return undefined;
  }
  return [...(places[0]?.ways.values() ?? [])];
}

/** With one more statement read. The first place is where the statements lead as they stand. */
function placesAfter(
  places: readonly Place[],
  part: readonly Statement[],
  effort: Effort,
): readonly Place[] {
  const next = new Map<string, Place>();
  for (const { read, ways } of places) {
    for (const statement of part) {
      if (read.has(statement)) continue;
      const now = new Set([...read, statement]);
      const key = part.map((known) => (now.has(known) ? '1' : '0')).join('');
      const place = next.get(key) ?? { read: now, ways: new Map<string, Way>() };
      next.set(key, place);
      readFrom(ways, statement, place, effort);
    }
  }
  return [...next.values()];
}

function readFrom(
  ways: ReadonlyMap<string, Way>,
  statement: Statement,
  place: Place,
  effort: Effort,
): void {
  for (const way of ways.values()) {
    if (isExhausted(effort)) return;
    spend(effort, way);
    addWay(place.ways, readStatement(way, statement), effort);
  }
}
