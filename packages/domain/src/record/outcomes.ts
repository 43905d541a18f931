import { foldPeriods, readStatement } from './periods.ts';
import { type Effort, isExhausted, keyOfReading, type Reading, spend } from './reading.ts';
import { distinctRowOrders } from './row-orders.ts';
import { type Statement } from './statement.ts';

/** Statements that clash in more than one manner are read in every order up to so many. */
const SHUFFLED_MAX_COUNT = 12;

/**
 * The different readings that follow one reading when tied statements are read in any order. The first reads them in
 * the given order. `undefined`: there are more than `limit`, or too many to compare.
 *
 * @param parts - of the tied statements; only within a part the order makes a difference
 */
export function outcomesOf(
  reading: Reading,
  parts: readonly (readonly Statement[])[],
  limit: number,
  effort: Effort,
): readonly Reading[] | undefined {
  let readings: readonly Reading[] = [reading];
  for (const part of parts) {
    const next = readings.flatMap((known) => outcomesOfPart(known, part, limit, effort) ?? []);
    if (isExhausted(effort) || next.length < readings.length || next.length > limit)
      return undefined;
    readings = next;
  }
  return readings;
}

/** The first of each group of readings that stay equal after any later statement. */
export function distinctReadings(readings: readonly Reading[], effort: Effort): readonly Reading[] {
  if (readings.length === 1) return readings;
  const distinct = new Map<string, Reading>();
  for (const reading of readings) addReading(distinct, reading, effort);
  return [...distinct.values()];
}

function outcomesOfPart(
  reading: Reading,
  part: readonly Statement[],
  limit: number,
  effort: Effort,
): readonly Reading[] | undefined {
  const [only, second] = part;
  if (only !== undefined && second === undefined) return [readStatement(reading, only)];
  const rows = part.filter((statement) => statement.kind === 'moved');
  if (rows.length < part.length) return inEveryOrder(reading, part, effort);
  const outcomes = new Map<string, Reading>();
  for (const order of distinctRowOrders(rows)) {
    addReading(outcomes, foldPeriods(order, reading), effort);
    if (outcomes.size > limit || isExhausted(effort)) return undefined;
  }
  return [...outcomes.values()];
}

function addReading(readings: Map<string, Reading>, reading: Reading, effort: Effort): void {
  const key = keyOfReading(reading, effort);
  if (!readings.has(key)) readings.set(key, reading);
}

/** The readings of a set of statements, in all its orders. */
interface Place {
  readonly read: ReadonlySet<Statement>;
  readonly readings: Map<string, Reading>;
}

/** Goes through the sets of statements that were read first, so that readings that become equal are followed as one. */
function inEveryOrder(
  start: Reading,
  part: readonly Statement[],
  effort: Effort,
): readonly Reading[] | undefined {
  if (part.length > SHUFFLED_MAX_COUNT) return undefined;
  let places: readonly Place[] = [{ read: new Set(), readings: new Map([['', start]]) }];
  for (let size = 0; size < part.length; size += 1) {
    places = placesAfter(places, part, effort);
    if (isExhausted(effort)) return undefined;
  }
  return [...(places[0]?.readings.values() ?? [])];
}

/** With one more statement read. The first place is that of the given order. */
function placesAfter(
  places: readonly Place[],
  part: readonly Statement[],
  effort: Effort,
): readonly Place[] {
  const next = new Map<string, Place>();
  for (const { read, readings } of places) {
    for (const statement of part) {
      if (read.has(statement)) continue;
      const now = new Set([...read, statement]);
      const key = part.map((known) => (now.has(known) ? '1' : '0')).join('');
      const place = next.get(key) ?? { read: now, readings: new Map<string, Reading>() };
      next.set(key, place);
      readFrom(readings, statement, place, effort);
    }
  }
  return [...next.values()];
}

function readFrom(
  readings: ReadonlyMap<string, Reading>,
  statement: Statement,
  place: Place,
  effort: Effort,
): void {
  for (const reading of readings.values()) {
    if (isExhausted(effort)) return;
    spend(effort, reading);
    addReading(place.readings, readStatement(reading, statement), effort);
  }
}
