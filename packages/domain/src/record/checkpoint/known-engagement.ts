import { permittedAttributes } from '../../policy/attributes.ts';
import { type Policy } from '../../policy/policy.ts';
import {
  type EngagementKey,
  type EngagementRecord,
  NOTHING_READ,
  readEngagement,
} from '../engagement.ts';
import { type EngagementFact } from '../fact.ts';
import { sortInOrder } from '../order.ts';
import { readFact, type Statement } from '../statement.ts';
import { type RawEngagement } from './advance-head.ts';
import { readBase, type StoredBase } from './base.ts';
import { changesTrimmed, rowKeyOf } from './changes-trimmed.ts';
import { type Head } from './head.ts';
import { readHead } from './head-text.ts';
import { rawAttributes } from './raw-attributes.ts';
import { resolveHead } from './resolve-head.ts';

/** An engagement as it is stored: the fold of its older facts, and the facts above it. */
export interface StoredEngagement extends EngagementKey {
  /** `undefined`: none was stored, and `facts` are all. */
  readonly head: { readonly throughOrder: bigint; readonly text: string } | undefined;
  /** What is left of facts that were pruned; `undefined`: none was. */
  readonly base: StoredBase | undefined;
  /** All above the head that were not pruned, in any order. */
  readonly facts: readonly EngagementFact[];
  /** Facts that the head refers to. */
  readonly referred: readonly EngagementFact[];
}

/** What is known of an engagement before facts arrive. */
export interface KnownEngagement {
  readonly record: EngagementRecord;
  /** `undefined`: every fact was read. */
  readonly head: Head | undefined;
  /** Facts below this order were pruned; `undefined`: none was. */
  readonly prunedBelow: bigint | undefined;
  /** All facts were read although a head may be stored: that one is to be replaced. */
  readonly replacesHead: boolean;
  /** The same without regard to the policy. */
  readonly raw: () => RawEngagement;
}

/**
 * Reads an engagement from its head and the facts above it.
 *
 * @throws RangeError where the head is of another version, or a fact that it refers to is missing
 */
export function knownFrom(stored: StoredEngagement, policy: Policy): KnownEngagement {
  const { source, engagement, facts, referred, base } = stored;
  const key = { source, engagement };
  const permitted = (attributes: Parameters<typeof permittedAttributes>[0]) =>
    permittedAttributes(attributes, source, policy);
  const head =
    stored.head === undefined
      ? undefined
      : readHead(stored.head.throughOrder, stored.head.text, source);
  const below = base === undefined ? NOTHING_READ : readBase(base, source);
  const before = head === undefined ? below : resolveHead(head, referred, permitted);
  const statements = facts.map((fact) => readFact(fact, permitted));
  return {
    record: readEngagement(key, statements, before),
    head,
    prunedBelow: base?.prunedBelow,
    replacesHead: false,
    raw: () => ({
      source,
      before: head === undefined ? below : resolveHead(head, referred, rawAttributes),
      floorMs: head?.floorMs,
      statements: sortInOrder(facts.map(rawStatement)),
    }),
  };
}

export function rawStatement(fact: EngagementFact): Statement {
  return readFact(fact, rawAttributes);
}

/** Keys of rows that facts above the head name, where the head may not contain them; each once. */
export function rowKeysOf(
  { head, record }: KnownEngagement,
  arriving: readonly EngagementFact[],
): readonly string[] {
  if (head?.floorMs === undefined) return [];
  const above = [...record.statements, ...arriving.map(structure)];
  return [...new Set(above.flatMap((statement) => rowKeyOf(statement) ?? []))];
}

/** Whether something was trimmed from its head, so that facts above it must be looked at. */
export function isTrimmed({ head }: KnownEngagement): boolean {
  return head?.floorMs !== undefined;
}

/**
 * Whether facts can only be decided with all facts of the engagement: they are not above its head, or change what was
 * trimmed from it, as a fact that an older version has stored above the head may do, too.
 *
 * @param trimmedKeys - those of `rowKeysOf` that belong to rows which were trimmed
 */
export function needsAllFacts(
  { head, record, prunedBelow = -1n }: KnownEngagement,
  arriving: readonly EngagementFact[],
  trimmedKeys: ReadonlySet<string>,
): boolean {
  if (head === undefined) return false;
  const counting = arriving.filter(({ order }) => order >= prunedBelow);
  if (counting.some(({ order }) => order <= head.throughOrder)) return true;
  if (head.floorMs === undefined) return false;
  const above = [...record.statements, ...counting.map(structure)];
  return above.some((statement) => changesTrimmed(statement, head, trimmedKeys));
}

function structure(fact: EngagementFact): Statement {
  return readFact(fact, () => ({}));
}
