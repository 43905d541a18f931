import {
  type BlockedData,
  type JoinedData,
  type LeftData,
  type MovedData,
  type RecordEvent,
  type ReleasedData,
  type RescindedData,
  type ResumedData,
  type StatedData,
  type SuspendedData,
} from '@latchkey/contracts';

/** The data of a fact of each kind. */
interface FactDataByKind {
  readonly joined: JoinedData;
  readonly moved: MovedData;
  readonly left: LeftData;
  readonly suspended: SuspendedData;
  readonly resumed: ResumedData;
  readonly rescinded: RescindedData;
  readonly stated: StatedData;
  readonly blocked: BlockedData;
  readonly released: ReleasedData;
}

export type FactKind = keyof FactDataByKind;

interface FactOf<K extends FactKind> {
  /** The qualified event id of the event that stated it. */
  readonly eventId: string;
  readonly source: string;
  readonly kind: K;
  /** `undefined` for what is about the person and no engagement: `blocked` and `released`. */
  readonly engagement: K extends 'blocked' | 'released' ? undefined : string;
  /** The source's own order: its revision, or nanoseconds since 1970. */
  readonly order: bigint;
  readonly data: FactDataByKind[K];
}

/** One statement of a source about a person. Immutable; the authoritative record is the set of them. */
export type Fact = { [K in FactKind]: FactOf<K> }[FactKind];

/** A fact about the person as such: a security block or its release. */
export type BlockFact = FactOf<'blocked'> | FactOf<'released'>;
/** A fact about one engagement. */
export type EngagementFact = Exclude<Fact, BlockFact>;

/** The members of a fact whose types do not say that the data belongs to the kind. */
interface StatedFact {
  readonly eventId: string;
  readonly source: string;
  readonly kind: FactKind;
  readonly engagement: string | undefined;
  readonly order: bigint;
  readonly data: unknown;
}

/** The key from which the identity of an event's person is derived. */
export interface IdentityKey {
  readonly source: string;
  readonly externalId: string;
}

/** The fact that an event states. */
export function factOf(event: RecordEvent): Fact {
  const stated: StatedFact = {
    eventId: event.eventId,
    source: event.source,
    kind: factKindOf(event),
    engagement: 'engagement' in event.data ? event.data.engagement : undefined,
    order: event.order,
    data: event.data,
  };
  // The contract of the event's type read the data.
  return stated as Fact;
}

/** The kind of the fact that an event states: `left` of `latchkey.workforce.left.v1`. */
export function factKindOf({ type }: Pick<RecordEvent, 'type'>): FactKind {
  return KINDS[type];
}

/** A block or release with `person` is about that person, any other event about its source's own subject. */
export function identityKeyOf(event: RecordEvent): IdentityKey {
  const person = 'person' in event.data ? event.data.person : undefined;
  return person ?? { source: event.source, externalId: event.subject };
}

export function isBlockFact(fact: Fact): fact is BlockFact {
  return fact.kind === 'blocked' || fact.kind === 'released';
}

const KINDS: Readonly<Record<RecordEvent['type'], FactKind>> = {
  'latchkey.workforce.joined.v1': 'joined',
  'latchkey.workforce.moved.v1': 'moved',
  'latchkey.workforce.left.v1': 'left',
  'latchkey.workforce.suspended.v1': 'suspended',
  'latchkey.workforce.resumed.v1': 'resumed',
  'latchkey.workforce.rescinded.v1': 'rescinded',
  'latchkey.workforce.stated.v1': 'stated',
  'latchkey.person.blocked.v1': 'blocked',
  'latchkey.person.released.v1': 'released',
};
