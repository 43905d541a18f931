import { type KnownAttributes } from '../../policy/attribute.ts';
import { type Period, type Row } from '../periods.ts';

/** Bytes of a head in the database. */
export const HEAD_MAX_BYTES = 8_192;

/** Attributes in a head; `undefined`: they are read from the fact that stated them. */
type HeadAttributes = KnownAttributes | undefined;

/** One row in a head. */
export type HeadRow =
  | (Omit<Row, 'attributes'> & { readonly attributes: HeadAttributes })
  | {
      /** Rows of a full statement, from one place in it to another, which are read from it. */
      readonly by: string;
      readonly from: number;
      readonly to: number;
      readonly beforeStart: boolean;
    };

export interface HeadPeriod extends Omit<Period, 'base' | 'rows'> {
  /** Of the fact of its start. */
  readonly base: HeadAttributes;
  readonly rows: readonly HeadRow[];
}

/** The fold of the older facts of an engagement, with attributes that no policy declares too. There was one reading of them. */
export interface Head {
  readonly throughOrder: bigint;
  /** The number of facts. */
  readonly count: number;
  /** See `ReadBefore.lastTie` and `ReadingSet`. */
  readonly lastTie: bigint | undefined;
  readonly tie: bigint | undefined;
  readonly effort: number;
  /**
   * What is dated before it was trimmed: of each name the last value is kept, of suspensions the last change; ended
   * periods may be gone. From it on the timeline is complete. `undefined`: nothing was trimmed.
   */
  readonly floorMs: number | undefined;
  readonly periods: readonly HeadPeriod[];
}

export function isGroup(row: HeadRow): row is Extract<HeadRow, { readonly from: number }> {
  return 'from' in row;
}

/** Event ids of the facts that the head refers to; sorted. */
export function referredBy({ periods }: Pick<Head, 'periods'>): readonly string[] {
  const ids = periods.flatMap(({ start, base, rows }) => [
    ...(base === undefined && start !== undefined ? [start.by] : []),
    ...rows.filter((row) => isGroup(row) || row.attributes === undefined).map(({ by }) => by),
  ]);
  return [...new Set(ids)].sort();
}
