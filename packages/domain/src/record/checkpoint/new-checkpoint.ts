import { type EngagementKey, NOTHING_READ } from '../engagement.ts';
import { type EngagementFact, type Fact } from '../fact.ts';
import { sortInOrder } from '../order.ts';
import { engagementKeyOf, groupByEngagement } from '../record.ts';
import { type AdvancedHead, advanceHead } from './advance-head.ts';
import { type KnownEngagement, rawStatement } from './known-engagement.ts';
import { type KnownRecord } from './known-record.ts';

/** Facts above a head; with more of them it is advanced. */
export const ABOVE_MAX_COUNT = 4;

/** A head to be stored, after the facts that arrived. */
export interface NewCheckpoint extends EngagementKey, AdvancedHead {}

/** The next heads of a person's engagements, where more facts than a few are above them. */
export function newCheckpoints(
  { engagements }: KnownRecord,
  arriving: readonly Fact[],
  nowMs: number,
): readonly NewCheckpoint[] {
  const groups = groupByEngagement(arriving);
  const known = new Map(engagements.map((one) => [keyOf(one), one]));
  return [...new Set([...known.keys(), ...groups.keys()])].flatMap((key) => {
    const facts = groups.get(key) ?? [];
    return newCheckpoint(known.get(key), facts, nowMs) ?? [];
  });
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
  const { before, floorMs, statements } = known?.raw() ?? NOTHING_KNOWN;
  const all = sortInOrder([...statements, ...arriving.map(rawStatement)]);
  const advanced = advanceHead({ source, before, floorMs, statements: all }, nowMs);
  return advanced === undefined ? undefined : { source, engagement, ...advanced };
}

const NOTHING_KNOWN = { before: NOTHING_READ, floorMs: undefined, statements: [] };

function isDue(known: KnownEngagement | undefined, arriving: readonly EngagementFact[]): boolean {
  const above = known?.record.statements.length ?? 0;
  if (above + arriving.length <= ABOVE_MAX_COUNT) return false;
  return arriving.length > 0 || known?.needsHead === true;
}
