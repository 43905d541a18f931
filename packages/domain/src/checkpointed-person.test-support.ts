import { Person } from './person.test-support.ts';
import { type Policy } from './policy/policy.ts';
import { type Reconciled } from './reconcile.ts';
import { setSwitches } from './record/blocks.ts';
import { type AdvancedHead } from './record/checkpoint/advance-head.ts';
import { type StoredBase } from './record/checkpoint/base.ts';
import { createFullReading } from './record/checkpoint/full-reading.ts';
import { readHead } from './record/checkpoint/head-text.ts';
import {
  type KnownEngagement,
  knownFrom,
  needsAllFacts,
  rowKeysOf,
} from './record/checkpoint/known-engagement.ts';
import { type KnownRecord, knownRecordOf } from './record/checkpoint/known-record.ts';
import { type NewCheckpoint } from './record/checkpoint/new-checkpoint.ts';
import { planPruning, slimStatement } from './record/checkpoint/plan-pruning.ts';
import { type EngagementFact, type Fact, isBlockFact } from './record/fact.ts';
import { engagementKeyOf, groupByEngagement } from './record/record.ts';

/** Facts in one page of a full reading. */
const PAGE_COUNT = 3;

/** A person whose facts are read as the database gives them: heads, the facts above them, and all facts where that is needed. */
export class CheckpointedPerson extends Person {
  readonly heads = new Map<string, AdvancedHead>();
  readonly bases = new Map<string, StoredBase>();
  readonly trimmedKeys = new Map<string, Set<string>>();
  /** A version that knows no heads is at work: it reads all facts, and makes no head. */
  isOlder = false;
  /** Readings of all facts of an engagement that has a head. */
  fullReadings = 0;
  /** Readings from a head. */
  headReadings = 0;

  /** Heads from which something was trimmed. */
  countTrimmed(): number {
    return [...this.heads].filter(([key, { throughOrder, text }]) => {
      const [source = ''] = key.split('\n');
      return readHead(throughOrder, text, source).floorMs !== undefined;
    }).length;
  }

  /** Prunes what is older than the newest full statement that is not tied, where it can be pruned. */
  prune(): void {
    for (const [key, facts] of groupByEngagement(this.facts)) this.#pruneEngagement(key, facts);
  }

  #pruneEngagement(key: string, facts: readonly EngagementFact[]): void {
    const known = this.bases.get(key);
    const [source = ''] = key.split('\n');
    const statements = facts
      .filter(({ order }) => order >= (known?.prunedBelow ?? -1n))
      .map(slimStatement);
    const base = planPruning({ source, base: known, statements, endOrder: undefined });
    if (base === undefined) return;
    const { prunedBelow } = base;
    this.bases.set(key, base);
    // Facts between such a head and the full statement are gone.
    if ((this.heads.get(key)?.throughOrder ?? -1n) < prunedBelow) this.heads.delete(key);
    const gone = new Set<Fact>(facts.filter(({ order }) => order < prunedBelow));
    this.facts = this.facts.filter((fact) => !gone.has(fact));
  }

  protected override read = (arriving: readonly Fact[], policy: Policy): KnownRecord => {
    if (this.isOlder) return knownRecordOf(this.facts, policy);
    const groups = groupByEngagement(this.facts);
    const arrivingGroups = groupByEngagement(arriving);
    const keys = new Set([...groups.keys(), ...this.bases.keys()]);
    return {
      engagements: [...keys].map((key) =>
        this.#readEngagement(key, groups.get(key) ?? [], arrivingGroups.get(key) ?? [], policy),
      ),
      blocks: setSwitches(new Map(), this.facts.filter(isBlockFact)),
      isNew: this.identity.lifecycle === undefined,
    };
  };

  protected override store = (arriving: readonly Fact[], { checkpoints }: Reconciled): void => {
    for (const fact of arriving) this.#dropOvertaken(fact);
    if (this.isOlder) return;
    for (const checkpoint of checkpoints) this.#storeHead(checkpoint);
  };

  /** As the trigger of the database does. */
  #dropOvertaken(fact: Fact): void {
    if (isBlockFact(fact)) return;
    const key = engagementKeyOf(fact.source, fact.engagement);
    const head = this.heads.get(key);
    if (head !== undefined && head.throughOrder >= fact.order) this.heads.delete(key);
  }

  #storeHead({ source, engagement, head, isFull }: NewCheckpoint): void {
    const key = engagementKeyOf(source, engagement);
    if (head === undefined) this.heads.delete(key);
    else this.heads.set(key, head);
    const trimmed = isFull ? [] : (this.trimmedKeys.get(key) ?? []);
    this.trimmedKeys.set(key, new Set([...trimmed, ...(head?.trimmedKeys ?? [])]));
  }

  #readEngagement(
    key: string,
    facts: readonly EngagementFact[],
    arriving: readonly EngagementFact[],
    policy: Policy,
  ): KnownEngagement {
    const [source = '', engagement = ''] = key.split('\n');
    const base = this.bases.get(key);
    const head = this.heads.get(key);
    const counting = facts.filter(({ order }) => order >= (base?.prunedBelow ?? -1n));
    if (head !== undefined) {
      const known = knownFrom(
        {
          source,
          engagement,
          head,
          base,
          facts: counting.filter(({ order }) => order > head.throughOrder),
          referred: facts.filter(({ eventId }) => head.referred.includes(eventId)),
        },
        policy,
      );
      const trimmed = this.trimmedKeys.get(key) ?? new Set();
      const named = new Set(rowKeysOf(known, arriving).filter((row) => trimmed.has(row)));
      this.headReadings += 1;
      if (!needsAllFacts(known, arriving, named)) return known;
      this.fullReadings += 1;
    }
    const reading = createFullReading({ source, engagement }, base, policy);
    const all = sorted(counting);
    for (let at = 0; at < all.length; at += PAGE_COUNT) reading.add(all.slice(at, at + PAGE_COUNT));
    return reading.finish();
  }
}

function sorted(facts: readonly EngagementFact[]): readonly EngagementFact[] {
  return facts.toSorted((one, other) => {
    if (one.order !== other.order) return one.order < other.order ? -1 : 1;
    return one.eventId < other.eventId ? -1 : 1;
  });
}
