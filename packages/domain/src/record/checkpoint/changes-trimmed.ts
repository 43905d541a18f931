import { type Rescinds, type Statement } from '../statement.ts';
import { type Head, isGroup } from './head.ts';

/** The key of the row that a statement replaces or withdraws. */
export function rowKeyOf(statement: Statement): string | undefined {
  if (statement.kind === 'moved') return statement.row;
  if (statement.kind !== 'rescinded') return undefined;
  const { rescinds } = statement;
  return typeof rescinds === 'object' && 'row' in rescinds ? rescinds.row : undefined;
}

/**
 * Whether a statement above a head changes what was trimmed from it.
 *
 * @param trimmedKeys - of rows that are gone
 */
export function changesTrimmed(
  statement: Statement,
  { periods, floorMs = Number.NEGATIVE_INFINITY }: Pick<Head, 'periods' | 'floorMs'>,
  trimmedKeys: ReadonlySet<string>,
): boolean {
  if (earliestChange(statement) < floorMs) return true;
  const key = rowKeyOf(statement);
  if (key === undefined) return false;
  return (
    trimmedKeys.has(key) ||
    periods.some(({ rows }) =>
      rows.some((row) => !isGroup(row) && row.row === key && row.atMs < floorMs),
    )
  );
}

/** No change of the timeline that a statement makes is dated before; with a key, it may remove a row too. */
export function earliestChange(statement: Statement): number {
  switch (statement.kind) {
    // They replace the start, or everything.
    case 'joined':
    case 'stated':
      return Number.NEGATIVE_INFINITY;
    case 'moved':
    case 'suspended':
    case 'resumed':
      return statement.atMs;
    case 'left':
      // An immediate end is about every period, gone ones too.
      if (statement.immediate) return Number.NEGATIVE_INFINITY;
      return Math.min(statement.endMs, statement.accessEndMs ?? statement.endMs);
    case 'rescinded':
      return earliestRescinded(statement.rescinds);
  }
}

function earliestRescinded(rescinds: Rescinds): number {
  if (rescinds === 'start') return Number.NEGATIVE_INFINITY;
  return typeof rescinds === 'object' && 'atMs' in rescinds
    ? rescinds.atMs
    : Number.POSITIVE_INFINITY;
}
