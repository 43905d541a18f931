import { contentOf, type Statement } from './statement.ts';

/** Readings of one engagement that are compared; with more, nobody could review them. */
const READINGS_MAX_COUNT = 6;

/**
 * Puts a statement at its place in the source's order. Repetitions are one: of equal order and content the
 * one with the lowest event id stays. Returns whether `statements` changed.
 */
export function insertInOrder(statements: Statement[], arriving: Statement): boolean {
  const after = placeAfter(statements, arriving.order);
  const twin = findTwin(statements, arriving, after);
  if (twin === undefined) {
    statements.splice(placeAmongTied(statements, arriving, after), 0, arriving);
    return true;
  }
  const known = statements[twin];
  if (known === undefined || known.eventId <= arriving.eventId) return false;
  statements.splice(twin, 1);
  insertInOrder(statements, arriving);
  return true;
}

/** Statements in the source's order, tied ones by event id, repetitions left out as `insertInOrder` does. */
export function sortInOrder(statements: readonly Statement[]): readonly Statement[] {
  if (statements.length <= 1) return statements;
  const sorted = statements.toSorted(compareOrder);
  return hasTies(sorted) ? tiedGroups(sorted).flatMap(withoutRepetitions) : sorted;
}

function compareOrder(one: Statement, other: Statement): number {
  if (one.order !== other.order) return one.order < other.order ? -1 : 1;
  return one.eventId < other.eventId ? -1 : 1;
}

function withoutRepetitions(tied: readonly Statement[]): readonly Statement[] {
  if (tied.length === 1) return tied;
  const contents = tied.map(contentOf);
  return tied.filter((_, at) => contents.indexOf(contents[at] ?? '') === at);
}

/** The index behind the last statement whose order is not higher. */
function placeAfter(statements: readonly Statement[], order: bigint): number {
  let place = statements.length;
  while (place > 0 && (statements[place - 1]?.order ?? 0n) > order) place -= 1;
  return place;
}

function findTwin(
  statements: readonly Statement[],
  arriving: Statement,
  after: number,
): number | undefined {
  for (let at = after - 1; statements[at]?.order === arriving.order; at -= 1) {
    const known = statements[at];
    if (known !== undefined && contentOf(known) === contentOf(arriving)) return at;
  }
  return undefined;
}

/** Tied statements stand in the order of their event ids, so that arrival leaves no trace. */
function placeAmongTied(
  statements: readonly Statement[],
  arriving: Statement,
  after: number,
): number {
  let place = after;
  while (statements[place - 1]?.order === arriving.order) {
    if ((statements[place - 1]?.eventId ?? '') < arriving.eventId) break;
    place -= 1;
  }
  return place;
}

/**
 * Every order in which the statements can be read: one, unless some are tied.
 * `undefined` if there are more than six.
 */
export function readingsOf(
  statements: readonly Statement[],
): readonly (readonly Statement[])[] | undefined {
  if (!hasTies(statements)) return [statements];
  const groups = tiedGroups(statements);
  const count = groups.reduce((product, group) => product * factorial(group.length), 1);
  if (count > READINGS_MAX_COUNT) return undefined;
  return groups.reduce<readonly (readonly Statement[])[]>(
    (readings, group) =>
      permutationsOf(group).flatMap((order) => readings.map((reading) => [...reading, ...order])),
    [[]],
  );
}

function hasTies(statements: readonly Statement[]): boolean {
  return statements.some((statement, at) => statements[at + 1]?.order === statement.order);
}

function tiedGroups(statements: readonly Statement[]): Statement[][] {
  const groups: Statement[][] = [];
  for (const statement of statements) {
    const last = groups.at(-1);
    if (last?.[0]?.order === statement.order) last.push(statement);
    else groups.push([statement]);
  }
  return groups;
}

function factorial(count: number): number {
  return count <= 1 ? 1 : count * factorial(count - 1);
}

function permutationsOf(group: readonly Statement[]): readonly (readonly Statement[])[] {
  if (group.length <= 1) return [group];
  return group.flatMap((first, index) =>
    permutationsOf(group.toSpliced(index, 1)).map((rest) => [first, ...rest]),
  );
}
