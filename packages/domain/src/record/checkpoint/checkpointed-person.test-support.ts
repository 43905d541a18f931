import { Person } from '../../person.test-support.ts';
import { type Policy } from '../../policy/policy.ts';
import { type Reconciled } from '../../reconcile.ts';
import { setSwitches } from '../blocks.ts';
import { type EngagementFact, type Fact, isBlockFact } from '../fact.ts';
import { engagementKeyOf, groupByEngagement } from '../record.ts';
import { makeBase, type StoredBase } from './base.ts';
import { createFullReading } from './full-reading.ts';
import {
  type KnownEngagement,
  knownFrom,
  needsAllFacts,
  rawStatement,
  rowKeysOf,
} from './known-engagement.ts';
import { type KnownRecord } from './known-record.ts';
import { type NewCheckpoint } from './new-checkpoint.ts';

/** Facts in one page of a full reading. */
const PAGE_COUNT = 3;

/** A person whose facts are read as the database gives them: heads, the facts above them, and all facts where that is needed. */
export class CheckpointedPerson extends Person {
  readonly heads = new Map<string, NewCheckpoint>();
  readonly bases = new Map<string, StoredBase>();
  readonly trimmedKeys = new Map<string, Set<string>>();
  /** Readings of all facts of an engagement that has a head. */
  fullReadings = 0;
  /** Readings from a head. */
  headReadings = 0;

  /** Prunes what is older than the newest full statement that is not tied, where it can be pruned. */
  prune(): void {
    for (const [key, facts] of groupByEngagement(this.facts)) {
      const stated = facts.filter(
        ({ kind, order }) =>
          kind === 'stated' && facts.filter((other) => other.order === order).length === 1,
      );
      const prunedBelow = stated
        .map(({ order }) => order)
        .sort((a, b) => (a < b ? -1 : 1))
        .at(-1);
      const known = this.bases.get(key);
      if (prunedBelow === undefined || prunedBelow <= (known?.prunedBelow ?? -1n)) continue;
      const older = facts.filter(
        ({ order }) => order < prunedBelow && order >= (known?.prunedBelow ?? -1n),
      );
      const source = facts[0]?.source ?? '';
      const statements = sorted(older).map(rawStatement);
      const base = makeBase({ source, base: known, statements, prunedBelow });
      if (base === undefined) continue;
      this.bases.set(key, base);
      const gone = new Set<Fact>(facts.filter(({ order }) => order < prunedBelow));
      this.facts = this.facts.filter((fact) => !gone.has(fact));
    }
  }

  protected override read(arriving: readonly Fact[], policy: Policy): KnownRecord {
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
  }

  protected override store(arriving: readonly Fact[], { checkpoints }: Reconciled): void {
    for (const fact of arriving) {
      if (isBlockFact(fact)) continue;
      const key = engagementKeyOf(fact.source, fact.engagement);
      const head = this.heads.get(key);
      if (head !== undefined && head.throughOrder >= fact.order) this.heads.delete(key);
    }
    for (const checkpoint of checkpoints) {
      const key = engagementKeyOf(checkpoint.source, checkpoint.engagement);
      this.heads.set(key, checkpoint);
      const trimmed = this.trimmedKeys.get(key) ?? new Set();
      this.trimmedKeys.set(key, new Set([...trimmed, ...checkpoint.trimmedKeys]));
    }
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
