import {
  createFullReading,
  type EngagementFact,
  type EngagementKey,
  type Fact,
  isBlockFact,
  type KnownEngagement,
  type KnownRecord,
  knownFrom,
  knownRecordOf,
  type NewCheckpoint,
  needsAllFacts,
  type Policy,
  rowKeysOf,
} from '@latchkey/domain';

/** The heads of one person's engagements, as the database stores them; what is decided is read from them where they exist. */
export class StoredHeads {
  /** Readings from a head alone with the facts above it. */
  readings = 0;
  readonly #heads = new Map<string, NonNullable<NewCheckpoint['head']>>();
  readonly #trimmedKeys = new Map<string, ReadonlySet<string>>();
  readonly #policy: Policy;

  constructor(policy: Policy) {
    this.#policy = policy;
  }

  /** @param facts - all that are stored */
  read(facts: readonly Fact[], arriving: readonly Fact[]): KnownRecord {
    const { blocks } = knownRecordOf(facts.filter(isBlockFact), this.#policy);
    const stored = groupByEngagement(facts);
    const arrived = groupByEngagement(arriving);
    const engagements = [...stored].map(([key, own]) =>
      this.#readEngagement(key, own, arrived.get(key) ?? []),
    );
    return { engagements, blocks, isNew: facts.length === 0 };
  }

  /** Stores heads after the facts that arrived with them: as in the database, a late fact drops the head before. */
  store(arriving: readonly Fact[], checkpoints: readonly NewCheckpoint[]): void {
    for (const [key, facts] of groupByEngagement(arriving)) {
      const through = this.#heads.get(key)?.throughOrder ?? -1n;
      if (facts.some(({ order }) => order <= through)) this.#heads.delete(key);
    }
    for (const checkpoint of checkpoints) this.#storeOne(checkpoint);
  }

  #storeOne({ head, isFull, ...engagement }: NewCheckpoint): void {
    const key = keyOf(engagement);
    if (head === undefined) this.#heads.delete(key);
    else this.#heads.set(key, head);
    const before = isFull ? [] : (this.#trimmedKeys.get(key) ?? []);
    this.#trimmedKeys.set(key, new Set([...before, ...(head?.trimmedKeys ?? [])]));
  }

  #readEngagement(
    key: string,
    facts: readonly EngagementFact[],
    arriving: readonly EngagementFact[],
  ): KnownEngagement {
    const [source = '', engagement = ''] = key.split('\n');
    const head = this.#heads.get(key);
    if (head !== undefined) {
      const above = facts.filter(({ order }) => order > head.throughOrder);
      const referred = facts.filter(({ eventId }) => head.referred.includes(eventId));
      const stored = { source, engagement, head, base: undefined, facts: above, referred };
      const known = knownFrom(stored, this.#policy);
      const trimmed = this.#trimmedKeys.get(key);
      const named = rowKeysOf(known, arriving).filter((row) => trimmed?.has(row));
      if (!needsAllFacts(known, arriving, new Set(named))) {
        this.readings += 1;
        return known;
      }
    }
    const reading = createFullReading({ source, engagement }, undefined, this.#policy);
    for (const fact of facts.toSorted(compareOrders)) reading.add([fact]);
    return reading.finish();
  }
}

/** As the database reads them: tied ones by event id. */
function compareOrders(one: EngagementFact, other: EngagementFact): number {
  if (one.order !== other.order) return one.order < other.order ? -1 : 1;
  return one.eventId < other.eventId ? -1 : 1;
}

function keyOf({ source, engagement }: EngagementKey): string {
  return `${source}\n${engagement}`;
}

function groupByEngagement(facts: readonly Fact[]): Map<string, EngagementFact[]> {
  return Map.groupBy(
    facts.filter((fact): fact is EngagementFact => !isBlockFact(fact)),
    keyOf,
  );
}
