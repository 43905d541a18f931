import { type Policy } from '../../policy/policy.ts';
import { type Blocks, setSwitches } from '../blocks.ts';
import { type EngagementFact, type Fact, isBlockFact } from '../fact.ts';
import { type AuthoritativeRecord, engagementKeyOf, groupByEngagement } from '../record.ts';
import { type KnownEngagement, knownFrom } from './known-engagement.ts';

/** What is known of a person before facts arrive. */
export interface KnownRecord {
  /** Each engagement once. */
  readonly engagements: readonly KnownEngagement[];
  /** One switch that is on, if any is, and those that the facts name, are enough. */
  readonly blocks: Blocks;
  /** No fact has ever been stated. */
  readonly isNew: boolean;
}

/** What all facts of a person give, in any order. */
export function knownRecordOf(facts: readonly Fact[], policy: Policy): KnownRecord {
  const engagements = [...groupByEngagement(facts).values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const { source, engagement } = first;
    const stored = { source, engagement, head: undefined, base: undefined, referred: [] };
    return [knownFrom({ ...stored, facts: group }, policy)];
  });
  const blocks = setSwitches(new Map(), facts.filter(isBlockFact));
  return { engagements, blocks, isNew: facts.length === 0 };
}

/** The record of what is known. */
export function recordOf({ engagements, blocks }: KnownRecord): AuthoritativeRecord {
  const records = engagements.map(({ record }) => record);
  return {
    engagements: new Map(
      records.map((record) => [engagementKeyOf(record.source, record.engagement), record]),
    ),
    blocks,
  };
}

/** Facts that are older than what was pruned of their engagement: they are kept, and change nothing. */
export function belowPruned(
  { engagements }: KnownRecord,
  facts: readonly Fact[],
): readonly EngagementFact[] {
  const pruned = new Map(
    engagements.flatMap(({ record, prunedBelow }) =>
      prunedBelow === undefined
        ? []
        : [[engagementKeyOf(record.source, record.engagement), prunedBelow] as const],
    ),
  );
  if (pruned.size === 0) return [];
  return facts.filter((fact): fact is EngagementFact => {
    if (isBlockFact(fact)) return false;
    const below = pruned.get(engagementKeyOf(fact.source, fact.engagement));
    return below !== undefined && fact.order < below;
  });
}
