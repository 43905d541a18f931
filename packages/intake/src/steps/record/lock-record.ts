import { identityIdOf, type RecordEvent } from '@latchkey/contracts';
import {
  type CurrentAccount,
  type CurrentIdentity,
  type Fact,
  type FactKind,
  identityKeyOf,
  type Lifecycle,
  type Reason,
} from '@latchkey/domain';
import {
  type AccountRow,
  type AssignmentRow,
  type FactRow,
  type IdentityKey,
  type IdentityRow,
  identityIdColumns,
  listAccounts,
  listAssignments,
  listFacts,
  lockCorrelationKeys,
  lockIdentities,
  type Tx,
} from '@latchkey/postgres';
import type { UnknownPerson } from './unknown-people.ts';

/** An identity that this transaction has locked, with everything that is known of it. */
export interface LockedIdentity {
  readonly current: CurrentIdentity;
  readonly facts: readonly Fact[];
}

/** What this transaction has locked for its record events. */
export interface LockedRecord {
  readonly identities: ReadonlyMap<string, LockedIdentity>;
  /** Whom each event is about. */
  readonly identityOf: ReadonlyMap<RecordEvent, string>;
  /** By correlation key, the external id of the person for whom the engagement was first stated. */
  readonly firstSubjects: ReadonlyMap<string, string>;
  /** Unknown people whose access must end. */
  readonly unknown: readonly UnknownPerson[];
}

/** The correlation keys and identities of record events, locked by this transaction. */
export interface LockedRows extends Pick<LockedRecord, 'identityOf' | 'firstSubjects'> {
  readonly rows: readonly IdentityRow[];
}

/** Locks everything that these events may change: first the correlation keys, then the identities, in the order of their keys. */
export async function lockRecord(tx: Tx, events: readonly RecordEvent[]): Promise<LockedRows> {
  if (events.length === 0) return { rows: [], identityOf: new Map(), firstSubjects: new Map() };
  const keys = new Map(events.map((event) => [event, identityKey(event)]));
  const distinct = new Map([...keys.values()].map((key) => [key.identityId, key]));
  // Sent in this order, and so locked in it.
  const [firstSubjects, rows] = await Promise.all([
    lockCorrelationKeys(tx, engagementKeys(events)),
    lockIdentities(tx, [...distinct.values()]),
  ]);
  const identityOf = new Map([...keys].map(([event, key]) => [event, key.identityId]));
  return { rows, identityOf, firstSubjects };
}

/**
 * The identities of these rows, which this transaction has locked, with their facts, accounts and assignments. Later
 * statements than those that locked the rows read them, with new snapshots.
 */
export async function readChildren(
  tx: Tx,
  rows: readonly IdentityRow[],
): Promise<ReadonlyMap<string, LockedIdentity>> {
  // One that was never decided has neither facts nor accounts.
  const known = rows.filter((row) => row.lifecycle !== null).map((row) => row.identityId);
  if (known.length === 0) return assemble(rows, [], [], []);
  const ids = identityIdColumns(known);
  const [facts, accounts, assignments] = await Promise.all([
    tx.run(listFacts, ids),
    tx.run(listAccounts, ids),
    tx.run(listAssignments, ids),
  ]);
  return assemble(rows, facts, accounts, assignments);
}

function assemble(
  rows: readonly IdentityRow[],
  facts: readonly FactRow[],
  accounts: readonly AccountRow[],
  assignments: readonly AssignmentRow[],
): ReadonlyMap<string, LockedIdentity> {
  const factsOf = Map.groupBy(facts, (fact) => fact.identityId);
  const accountsOf = Map.groupBy(accounts, (account) => account.identityId);
  const assignmentsOf = Map.groupBy(assignments, (assignment) => assignment.accountId);
  return new Map(
    rows.map((row) => [
      row.identityId,
      {
        facts: (factsOf.get(row.identityId) ?? []).map(asFact),
        current: {
          identityId: row.identityId,
          source: row.source,
          externalId: row.externalId,
          lifecycle: (row.lifecycle ?? undefined) as Lifecycle | undefined,
          generation: row.generation,
          derivedAtMs: row.derivedAtMs ?? undefined,
          accounts: (accountsOf.get(row.identityId) ?? []).map((account) =>
            asAccount(account, assignmentsOf.get(account.accountId) ?? []),
          ),
        },
      },
    ]),
  );
}

function asFact(row: FactRow): Fact {
  return {
    eventId: row.eventId,
    source: row.source,
    kind: row.kind as FactKind,
    engagement: row.engagement ?? undefined,
    order: row.sourceOrder,
    data: JSON.parse(row.data) as unknown,
  } as Fact;
}

function asAccount(row: AccountRow, assignments: readonly AssignmentRow[]): CurrentAccount {
  return {
    accountId: row.accountId,
    target: row.target,
    state: row.state as CurrentAccount['state'],
    userName: row.userName,
    attributes: JSON.parse(row.attributes) as CurrentAccount['attributes'],
    generation: row.generation,
    disabledAtMs: row.disabledAtMs ?? undefined,
    deleteAtMs: row.deleteAtMs ?? undefined,
    entitlements: assignments.map((assignment) => ({
      name: assignment.entitlement,
      reasons: JSON.parse(assignment.reasons) as readonly Reason[],
    })),
  };
}

function identityKey(event: RecordEvent): IdentityKey {
  const { source, externalId } = identityKeyOf(event);
  return { identityId: identityIdOf(source, externalId), source, externalId };
}

/** The correlation key of an engagement: unique within its source. */
export function engagementKey(source: string, engagement: string): string {
  return `${source}#${engagement}`;
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
