import { type Statement } from './statement.ts';

type Moved = Extract<Statement, { readonly kind: 'moved' }>;

/**
 * Orders of tied rows, at least one for each possible outcome: of each name at a moment, and of each key, only the
 * last row counts, so the order of the others makes no difference. An outcome may come more than once; the
 * first is that of the rows as given.
 */
export function distinctRowOrders(rows: readonly Moved[]): Generator<readonly Moved[]> {
  return ordersOf(rows, []);
}

function* ordersOf(rows: readonly Moved[], later: readonly Moved[]): Generator<readonly Moved[]> {
  const contested = contestedRows(rows, later);
  if (contested.length === 0) {
    yield [...rows, ...later];
    return;
  }
  for (const last of contested.toReversed()) {
    const others = rows.filter((row) => row !== last);
    yield* ordersOf(others, [last, ...later]);
  }
}

/** Rows that differ from another one about something that no later row decides. */
function contestedRows(rows: readonly Moved[], later: readonly Moved[]): readonly Moved[] {
  const decided = new Set(later.flatMap(subjectsOf).map(({ subject }) => subject));
  const open = rows
    .filter(({ row }) => row === undefined || !decided.has(keySubject(row)))
    .map((row) => ({
      row,
      subjects: subjectsOf(row).filter(({ subject }) => !decided.has(subject)),
    }));
  const values = new Map<string, unknown>();
  const contested = new Set<string>();
  for (const { subject, value } of open.flatMap(({ subjects }) => subjects)) {
    if (values.has(subject) && values.get(subject) !== value) contested.add(subject);
    values.set(subject, value);
  }
  return open
    .filter(({ subjects }) => subjects.some(({ subject }) => contested.has(subject)))
    .map(({ row }) => row);
}

/** What a row decides if nothing comes after it: values at its moment, and which row has its key. */
function subjectsOf(
  moved: Moved,
): readonly { readonly subject: string; readonly value: unknown }[] {
  const { row, atMs, attributes } = moved;
  const values = Object.entries(attributes).map(([name, value]) => ({
    subject: `${String(atMs)} ${name}`,
    value,
  }));
  return row === undefined ? values : [...values, { subject: keySubject(row), value: moved }];
}

function keySubject(row: string): string {
  return `key ${row}`;
}
