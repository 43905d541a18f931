import { type EngagementFact } from '../fact.ts';
import { sortInOrder } from '../order.ts';
import { tiedGroups } from '../readings.ts';
import { readFact, type Statement, withoutData } from '../statement.ts';
import { makeBase, type StoredBase } from './base.ts';

/** The facts of an engagement that are old enough to be pruned, from what was pruned before up to one place. */
export interface OldFacts {
  readonly source: string;
  /** What was pruned before; the statements begin above it. */
  readonly base: StoredBase | undefined;
  /** In any order. */
  readonly statements: readonly SlimStatement[];
  /** Facts that are not among `statements` may have this order, or a higher one; `undefined`: there are no more facts. */
  readonly endOrder: bigint | undefined;
}

/** What counts of a fact when it is pruned. It has no attributes. */
export type SlimStatement = Statement & { readonly data: undefined };

/** Reads a fact for `planPruning`. */
export function slimStatement(fact: EngagementFact): SlimStatement {
  const statement = withoutData(readFact(fact, () => ({})));
  const slim = statement.kind === 'stated' ? { ...statement, rows: [] } : statement;
  return { ...slim, data: undefined };
}

/**
 * What is left of the facts below the newest full statement that nothing is tied with. An older one is taken where the
 * facts below it can be read in one way only. `undefined`: nothing can be pruned.
 */
export function planPruning({
  source,
  base,
  statements,
  endOrder,
}: OldFacts): StoredBase | undefined {
  const sorted = sortInOrder(statements);
  const cuts = cutsOf(sorted, endOrder);
  for (const at of halving(cuts.length)) {
    const cut = cuts[at];
    if (cut === undefined) continue;
    const { index, prunedBelow } = cut;
    const made = makeBase({ source, base, statements: sorted.slice(0, index), prunedBelow });
    if (made !== undefined) return made;
  }
  return undefined;
}

/** A full statement that nothing is tied with, and that is not the first. */
interface Cut {
  /** The number of statements below it. */
  readonly index: number;
  readonly prunedBelow: bigint;
}

function cutsOf(sorted: readonly Statement[], endOrder: bigint | undefined): readonly Cut[] {
  const cuts: Cut[] = [];
  let index = 0;
  for (const group of tiedGroups(sorted)) {
    const [first] = group;
    const isWhole = first !== undefined && (endOrder === undefined || first.order < endOrder);
    if (isWhole && index > 0 && group.length === 1 && first.kind === 'stated') {
      cuts.push({ index, prunedBelow: first.order });
    }
    index += group.length;
  }
  return cuts;
}

/** The last index, then ones that are half as high, down to 0. */
function halving(count: number): readonly number[] {
  const indexes: number[] = [];
  for (let at = count - 1; at >= 0; at = at === 0 ? -1 : Math.floor(at / 2)) indexes.push(at);
  return indexes;
}
