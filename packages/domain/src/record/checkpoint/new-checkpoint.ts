import { type EngagementKey, NOTHING_READ } from '../engagement.ts';
import { type EngagementFact, type Fact } from '../fact.ts';
import { sortInOrder } from '../order.ts';
import { engagementKeyOf, groupByEngagement } from '../record.ts';
import { type AdvancedHead, advanceHead } from './advance-head.ts';
import { type KnownEngagement, rawStatement } from './known-engagement.ts';
import { type KnownRecord } from './known-record.ts';

/** Facts above a head; with more of them it is advanced. */
export const ABOVE_MAX_COUNT = 4;

/** What is to be stored of an engagement, after the facts that arrived. */
export interface NewCheckpoint extends EngagementKey {
  /** `undefined`: there is none, and a stored one is to be removed. */
  readonly head: AdvancedHead | undefined;
  /** Whether the keys that were trimmed before are to be forgotten: all facts were read. */
  readonly isFull: boolean;
}

/** The next heads of a person's engagements, where more facts than a few are above them. */
export function newCheckpoints(
  { engagements }: KnownRecord,
  arriving: readonly Fact[],
  nowMs: number,
): readonly NewCheckpoint[] {
  if (!mayBeDue(engagements, arriving)) return [];
  const groups = groupByEngagement(arriving);
  const known = new Map(engagements.map((one) => [keyOf(one), one]));
  return [...new Set([...known.keys(), ...groups.keys()])].flatMap((key) => {
    const facts = groups.get(key) ?? [];
    return newCheckpoint(known.get(key), facts, nowMs) ?? [];
  });
}

/** Most people have few facts above their heads. */
function mayBeDue(engagements: readonly KnownEngagement[], arriving: readonly Fact[]): boolean {
  if (arriving.length > ABOVE_MAX_COUNT) return true;
  return engagements.some(
    ({ record, replacesHead }) =>
      replacesHead || record.statements.length + arriving.length > ABOVE_MAX_COUNT,
  );
}

function keyOf({ record }: KnownEngagement): string {
  return engagementKeyOf(record.source, record.engagement);
}

function newCheckpoint(
  known: KnownEngagement | undefined,
  arriving: readonly EngagementFact[],
  nowMs: number,
): NewCheckpoint | undefined {
  const key = known?.record ?? arriving[0];
  if (key === undefined || !isDue(known, arriving)) return undefined;
  const { source, engagement } = key;
  const head = headAfter(source, known, arriving, nowMs);
  const isFull = known?.replacesHead === true;
  return head === undefined && !isFull ? undefined : { source, engagement, head, isFull };
}

function headAfter(
  source: string,
  known: KnownEngagement | undefined,
  arriving: readonly EngagementFact[],
  nowMs: number,
): AdvancedHead | undefined {
  const nothing = { before: NOTHING_READ, floorMs: undefined, statements: [] };
  const { before, floorMs, statements } = known?.raw() ?? nothing;
  const all = sortInOrder([...statements, ...arriving.map(rawStatement)]);
  return advanceHead({ source, before, floorMs, statements: all }, nowMs);
}

function isDue(known: KnownEngagement | undefined, arriving: readonly EngagementFact[]): boolean {
  if (known?.replacesHead === true) return true;
  const above = known?.record.statements.length ?? 0;
  return above + arriving.length > ABOVE_MAX_COUNT;
}
