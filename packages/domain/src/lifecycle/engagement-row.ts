import { datesOf, type EngagementDates, type EngagementRecord } from '../record/engagement.ts';
import { segmentAt } from '../record/timeline.ts';

/** One engagement at a moment, for operators to read. */
export interface EngagementRow extends EngagementDates {
  readonly source: string;
  readonly engagement: string;
  /** `void`: nothing known of it ever runs. */
  readonly state: 'ahead' | 'running' | 'suspended' | 'access_over' | 'ended' | 'void';
}

/** Its dates are those of its latest period. */
function engagementRow(known: EngagementRecord, atMs: number): EngagementRow {
  const { source, engagement } = known;
  return { source, engagement, ...datesOf(known), state: stateAt(known, atMs) };
}

/** Rows of the engagements that were touched, and of those whose state became another after `sinceMs`. */
export function changedRows(
  engagements: Iterable<EngagementRecord>,
  touched: ReadonlySet<EngagementRecord>,
  sinceMs: number,
  nowMs: number,
): readonly EngagementRow[] {
  const rows: EngagementRow[] = [];
  for (const known of engagements) {
    const row = engagementRow(known, nowMs);
    if (touched.has(known) || row.state !== stateAt(known, sinceMs)) rows.push(row);
  }
  return rows;
}

function stateAt({ timeline }: EngagementRecord, atMs: number): EngagementRow['state'] {
  const segment = segmentAt(timeline, atMs);
  if (segment?.running === true) {
    if (!segment.access) return 'access_over';
    return segment.suspended ? 'suspended' : 'running';
  }
  if (timeline.some(({ fromMs, running }) => running && fromMs > atMs)) return 'ahead';
  return segment === undefined ? 'void' : 'ended';
}
