import { type Policy } from '../policy/policy.ts';
import { type Blocks, setSwitches, turnsSwitch } from './blocks.ts';
import { addStatement, type EngagementRecord, isSameRecord, readEngagement } from './engagement.ts';
import { type BlockFact, type EngagementFact, type Fact, isBlockFact } from './fact.ts';
import { statementOf } from './statement.ts';

/** Facts of an engagement beyond which a review opens. They all still count. */
export const ENGAGEMENT_FACTS_MAX_COUNT = 1_000;

/** Arriving facts with one place in the source's order that are compared one by one: each one reads the others again. */
const TIED_ONE_BY_ONE_MAX_COUNT = 16;

/** Engagements of an identity beyond which a review opens. They all still count. */
export const ENGAGEMENTS_MAX_COUNT = 100;

/** The record that the set of all facts about an identity gives. */
export interface AuthoritativeRecord {
  /** By source and engagement. */
  readonly engagements: ReadonlyMap<string, EngagementRecord>;
  readonly blocks: Blocks;
}

/** A record after more facts. */
interface Extended {
  readonly record: AuthoritativeRecord;
  /** The facts without which the record would differ. The others are stale. */
  readonly applied: ReadonlySet<Fact>;
}

/**
 * The record with more facts, added one after the other in the order given: a fact is applied if the
 * record differs with and without it, at any moment or in the dates of its engagement; so is the first one of an
 * engagement. Where more than 1,000 facts are in memory, or more than 16 of these are tied, they are not compared one by
 * one, and all count as applied.
 */
export function extendRecord(
  record: AuthoritativeRecord,
  facts: readonly Fact[],
  policy: Policy,
): Extended {
  if (facts.length === 0) return { record, applied: new Set() };
  const applied = new Set<Fact>();
  const engagements = new Map(record.engagements);
  for (const [key, group] of groupByEngagement(facts)) {
    const extended = extendEngagement(record.engagements.get(key), group, applied, policy);
    if (extended !== undefined) engagements.set(key, extended);
  }
  const blocks = extendBlocks(record.blocks, facts.filter(isBlockFact), applied);
  return { record: { engagements, blocks }, applied };
}

/** The key of an engagement in a record. Line feeds are in no source. */
export function engagementKeyOf(source: string, engagement: string): string {
  return `${source}\n${engagement}`;
}

/** Facts by the key of their engagement; without those about the person as such. */
export function groupByEngagement(
  facts: readonly Fact[],
): ReadonlyMap<string, readonly EngagementFact[]> {
  const groups = new Map<string, EngagementFact[]>();
  for (const fact of facts) {
    if (isBlockFact(fact)) continue;
    const key = engagementKeyOf(fact.source, fact.engagement);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [fact]);
    else group.push(fact);
  }
  return groups;
}

function extendEngagement(
  known: EngagementRecord | undefined,
  facts: readonly EngagementFact[],
  applied: Set<Fact>,
  policy: Policy,
): EngagementRecord | undefined {
  const count = (known?.statements.length ?? 0) + facts.length;
  if (count > ENGAGEMENT_FACTS_MAX_COUNT || areManyTied(facts)) {
    return readAllAtOnce(known, facts, applied, policy);
  }
  let extended = known;
  for (const fact of facts) {
    const before: EngagementRecord | undefined = extended;
    const statement = statementOf(fact, policy);
    extended =
      before === undefined ? readEngagement(fact, [statement]) : addStatement(before, statement);
    // The first fact of an engagement makes it known.
    if (before === undefined || !isSameRecord(before, extended)) applied.add(fact);
  }
  return extended;
}

function areManyTied(facts: readonly EngagementFact[]): boolean {
  if (facts.length <= TIED_ONE_BY_ONE_MAX_COUNT) return false;
  const byOrder = Map.groupBy(facts, ({ order }) => order);
  return [...byOrder.values()].some((tied) => tied.length > TIED_ONE_BY_ONE_MAX_COUNT);
}

/** One reading however many facts there are, so that the cost does not grow with their square. */
function readAllAtOnce(
  known: EngagementRecord | undefined,
  facts: readonly EngagementFact[],
  applied: Set<Fact>,
  policy: Policy,
): EngagementRecord | undefined {
  const [first] = facts;
  if (first === undefined) return known;
  for (const fact of facts) applied.add(fact);
  const arriving = facts.map((fact) => statementOf(fact, policy));
  const statements = [...(known?.statements ?? []), ...arriving];
  return readEngagement(known ?? first, statements, known?.before);
}

function extendBlocks(blocks: Blocks, facts: readonly BlockFact[], applied: Set<Fact>): Blocks {
  let set = blocks;
  for (const fact of facts) {
    if (turnsSwitch(set, fact)) applied.add(fact);
    set = setSwitches(set, [fact]);
  }
  return set;
}
