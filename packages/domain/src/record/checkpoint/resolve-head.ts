import { type Attributes } from '@latchkey/contracts';
import { type KnownAttributes } from '../../policy/attribute.ts';
import { type ReadBefore } from '../engagement.ts';
import { type EngagementFact } from '../fact.ts';
import { type Period, type Row } from '../periods.ts';
import { UNREAD } from '../readings.ts';
import { readFact, type Statement } from '../statement.ts';
import { type Head, type HeadPeriod, type HeadRow, isGroup } from './head.ts';

/** What counts of attributes: those that a policy permits, or all. */
export type Known = (attributes: Attributes) => KnownAttributes;

/** What a head stands for, where these attributes count. `referred` are the facts that it refers to. */
export function resolveHead(
  head: Head,
  referred: readonly EngagementFact[],
  known: Known,
): ReadBefore {
  const { count, throughOrder, lastTie, tie, effort, periods } = head;
  const statements = new Map(referred.map((fact) => [fact.eventId, readFact(fact, known)]));
  const resolved = periods.map((period) => resolvePeriod(period, statements, known));
  const reading = { ...UNREAD, readings: [resolved], tie, effort };
  return { count, throughOrder, lastTie, reading };
}

function resolvePeriod(
  period: HeadPeriod,
  statements: ReadonlyMap<string, Statement>,
  known: Known,
): Period {
  const { start, base } = period;
  return {
    ...period,
    base: base === undefined ? baseOf(statements, start?.by) : known(base),
    rows: period.rows.flatMap((row) => resolveRow(row, statements, known)),
  };
}

function baseOf(
  statements: ReadonlyMap<string, Statement>,
  by: string | undefined,
): KnownAttributes {
  const statement = statements.get(by ?? '');
  if (statement?.kind !== 'joined') throw missing(by);
  return statement.attributes;
}

function resolveRow(
  row: HeadRow,
  statements: ReadonlyMap<string, Statement>,
  known: Known,
): readonly Row[] {
  if (isGroup(row)) return rowsOf(row, statements);
  const { attributes } = row;
  if (attributes !== undefined) return [{ ...row, attributes: known(attributes) }];
  const statement = statements.get(row.by);
  if (statement?.kind !== 'moved') throw missing(row.by);
  return [{ ...row, attributes: statement.attributes }];
}

function rowsOf(
  { by, from, to, beforeStart }: Extract<HeadRow, { readonly from: number }>,
  statements: ReadonlyMap<string, Statement>,
): readonly Row[] {
  const statement = statements.get(by);
  if (statement?.kind !== 'stated') throw missing(by);
  return statement.rows
    .slice(from, to + 1)
    .map((row, at) => ({ ...row, row: undefined, by, index: from + at, beforeStart }));
}

function missing(by: string | undefined): RangeError {
  return new RangeError(`a checkpoint refers to ${by ?? 'no event'}, which was not read`);
}
