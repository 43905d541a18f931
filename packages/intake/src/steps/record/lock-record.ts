import { identityIdOf, type RecordEvent } from '@latchkey/contracts';
import { type Fact, factOf, identityKeyOf } from '@latchkey/domain';
import {
  type IdentityKey,
  type IdentityRow,
  lockCorrelationKeys,
  lockIdentities,
  type Tx,
} from '@latchkey/postgres';
import { engagementKey } from './engagement-key.ts';
import type { LockedIdentity } from './known-identity.ts';
import type { Arriving } from './read-record.ts';
import type { UnknownPerson } from './unknown-people.ts';

/** What this transaction has locked for its record events. */
export interface LockedRecord {
  readonly identities: ReadonlyMap<string, LockedIdentity>;
  /** The facts that the events state, by identity id, in the order of the events. */
  readonly arriving: Arriving;
  /** Whom each event is about. */
  readonly identityOf: ReadonlyMap<RecordEvent, string>;
  /** By correlation key, the external id of the person for whom the engagement was first stated. */
  readonly firstSubjects: ReadonlyMap<string, string>;
  /** Unknown people whose access must end. */
  readonly unknown: readonly UnknownPerson[];
}

/** The correlation keys and identities of record events, locked by this transaction. */
export interface LockedRows
  extends Pick<LockedRecord, 'arriving' | 'identityOf' | 'firstSubjects'> {
  readonly rows: readonly IdentityRow[];
}

/** Locks everything that these events may change: first the correlation keys, then the identities, in the order of their keys. */
export async function lockRecord(tx: Tx, events: readonly RecordEvent[]): Promise<LockedRows> {
  if (events.length === 0) return NOTHING_LOCKED;
  const keys = new Map(events.map((event) => [event, identityKey(event)]));
  const distinct = new Map([...keys.values()].map((key) => [key.identityId, key]));
  // Sent in this order, and so locked in it.
  const [firstSubjects, rows] = await Promise.all([
    lockCorrelationKeys(tx, engagementKeys(events)),
    lockIdentities(tx, [...distinct.values()]),
  ]);
  const identityOf = new Map([...keys].map(([event, key]) => [event, key.identityId]));
  return { rows, arriving: factsOf(identityOf), identityOf, firstSubjects };
}

const NOTHING_LOCKED: LockedRows = {
  rows: [],
  arriving: new Map(),
  identityOf: new Map(),
  firstSubjects: new Map(),
};

function factsOf(identityOf: ReadonlyMap<RecordEvent, string>): Arriving {
  const facts = new Map<string, Fact[]>();
  for (const [event, identityId] of identityOf) {
    const own = facts.get(identityId);
    if (own === undefined) facts.set(identityId, [factOf(event)]);
    else own.push(factOf(event));
  }
  return facts;
}

function identityKey(event: RecordEvent): IdentityKey {
  const { source, externalId } = identityKeyOf(event);
  return { identityId: identityIdOf(source, externalId), source, externalId };
}

function engagementKeys(
  events: readonly RecordEvent[],
): readonly { kind: 'engagement'; value: string; externalId: string }[] {
  const keys = new Map<string, string>();
  for (const event of events) {
    if (!('engagement' in event.data)) continue;
    const value = engagementKey(event.source, event.data.engagement);
    if (!keys.has(value)) keys.set(value, event.subject);
  }
  return [...keys].map(([value, externalId]) => ({ kind: 'engagement', value, externalId }));
}
