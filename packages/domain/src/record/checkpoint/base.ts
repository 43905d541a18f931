import { NOTHING_READ, type ReadBefore } from '../engagement.ts';
import { readThrough, tiedGroups } from '../readings.ts';
import { type Statement, structureOf } from '../statement.ts';
import { HEAD_MAX_BYTES } from './head.ts';
import { readHead, writeHead } from './head-text.ts';
import { resolveHead } from './resolve-head.ts';

/** What is left of facts that were pruned: starts, ends and suspensions. A full statement has replaced the rest. */
export interface StoredBase {
  /** The order of that full statement, which is kept: only older facts were pruned. */
  readonly prunedBelow: bigint;
  readonly text: string;
}

/** Facts of an engagement that are older than a full statement, to be pruned. */
export interface Prunable {
  readonly source: string;
  /** What was pruned before. */
  readonly base: StoredBase | undefined;
  /** In the source's order. */
  readonly statements: readonly Statement[];
  readonly prunedBelow: bigint;
}

/**
 * What is kept of facts that are pruned. `undefined`: they must stay, since they can be read in several ways, or there is
 * too much to keep.
 */
export function makeBase({
  source,
  base,
  statements,
  prunedBelow,
}: Prunable): StoredBase | undefined {
  const before = base === undefined ? NOTHING_READ : readBase(base, source);
  const { all } = readThrough(statements.flatMap(structureOf), before.reading);
  const [periods = []] = all.readings;
  if (all.readings.length > 1 || all.tooMany) return undefined;
  const structure = periods.map((period) => ({ ...period, base: {}, rows: [] }));
  const tie = tiedGroups(statements).findLast((tied) => tied.length > 1)?.[0]?.order;
  const head = {
    throughOrder: prunedBelow - 1n,
    count: 0,
    lastTie: tie ?? before.lastTie,
    tie: all.tie,
    effort: 0,
    floorMs: undefined,
    periods: structure,
  };
  const text = writeHead(head, source);
  return Buffer.byteLength(text) > HEAD_MAX_BYTES ? undefined : { prunedBelow, text };
}

/** What a base stands for. */
export function readBase({ prunedBelow, text }: StoredBase, source: string): ReadBefore {
  return resolveHead(readHead(prunedBelow - 1n, text, source), [], (attributes) => attributes);
}
