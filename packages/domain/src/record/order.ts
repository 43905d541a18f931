import { contentOf, type Statement } from './statement.ts';

/**
 * Puts a statement at its place in the source's order. Repetitions are one: of equal order and content the
 * one with the lowest event id is kept. Returns whether `statements` changed.
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
  return withoutRepetitions(statements.toSorted(compareOrder));
}

function compareOrder(one: Statement, other: Statement): number {
  if (one.order !== other.order) return one.order < other.order ? -1 : 1;
  return one.eventId < other.eventId ? -1 : 1;
}

function withoutRepetitions(sorted: readonly Statement[]): readonly Statement[] {
  const contents = new Set<string>();
  return sorted.filter((statement, at) => {
    const { order } = statement;
    const isTied = sorted[at - 1]?.order === order || sorted[at + 1]?.order === order;
    if (!isTied) return true;
    if (sorted[at - 1]?.order !== order) contents.clear();
    const content = contentOf(statement);
    const isNew = !contents.has(content);
    contents.add(content);
    return isNew;
  });
}

/** The index after the last statement whose order is not higher. */
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

/** Tied statements are sorted by event id, so that the order of arrival has no effect. */
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
