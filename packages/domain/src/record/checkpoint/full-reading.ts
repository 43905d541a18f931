import { permittedAttributes } from '../../policy/attributes.ts';
import { type Policy } from '../../policy/policy.ts';
import { type EngagementKey, NOTHING_READ, readEngagement } from '../engagement.ts';
import { type EngagementFact } from '../fact.ts';
import { sortInOrder } from '../order.ts';
import { readFact, type Statement, structureOf, withoutData } from '../statement.ts';
import { readBase, type StoredBase } from './base.ts';
import { type KnownEngagement, rawStatement } from './known-engagement.ts';

/** Reads all facts of an engagement, page by page, and keeps only what counts of them. */
export interface FullReading {
  /** Adds the next facts; all pages together are in the source's order, tied ones by event id. */
  readonly add: (facts: readonly EngagementFact[]) => void;
  readonly finish: () => KnownEngagement;
}

/** @param base - what is left of pruned facts; the pages begin above it */
export function createFullReading(
  key: EngagementKey,
  base: StoredBase | undefined,
  policy: Policy,
): FullReading {
  const { source } = key;
  const permitted = createKept();
  const raw = createKept();
  return {
    add: (facts) => {
      permitted.add(
        facts.map((fact) =>
          readFact(fact, (attributes) => permittedAttributes(attributes, source, policy)),
        ),
      );
      raw.add(facts.map(rawStatement));
    },
    finish: () => {
      const below = base === undefined ? NOTHING_READ : readBase(base, source);
      const before = { ...below, count: below.count + permitted.replaced() };
      return {
        record: readEngagement(key, permitted.statements(), before),
        head: undefined,
        prunedBelow: base?.prunedBelow,
        replacesHead: true,
        raw: () => ({
          source,
          before,
          floorMs: undefined,
          statements: sortInOrder(raw.statements()),
        }),
      };
    },
  };
}

interface Kept {
  readonly add: (statements: readonly Statement[]) => void;
  readonly statements: () => readonly Statement[];
  /** The number of statements that are gone. */
  readonly replaced: () => number;
}

/** Keeps statements without what newer full ones have replaced. */
function createKept(): Kept {
  let kept: Statement[] = [];
  let replaced = 0;
  return {
    add: (statements) => {
      kept.push(...statements.map(withoutData));
      const stated = kept.findLastIndex((one, at) =>
        isAloneStated(one, kept[at - 1], kept[at + 1]),
      );
      if (stated <= 0) return;
      const older = kept.slice(0, stated).flatMap(structureOf);
      replaced += stated - older.length;
      kept = [...older, ...kept.slice(stated)];
    },
    statements: () => kept,
    replaced: () => replaced,
  };
}

/** Whether it is a full statement that nothing can be tied with any more. */
function isAloneStated(
  { kind, order }: Statement,
  before: Statement | undefined,
  after: Statement | undefined,
): boolean {
  return (
    kind === 'stated' && before?.order !== order && after !== undefined && after.order !== order
  );
}
