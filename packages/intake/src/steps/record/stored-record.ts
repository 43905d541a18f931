import {
  type EngagementFact,
  type FactKind,
  type KnownEngagement,
  knownFrom,
  type Policy,
  type StoredEngagement,
} from '@latchkey/domain';
import type { CheckpointRow, EngagementRowKey, FactRow, KnownFactRow } from '@latchkey/postgres';
import { engagementKey } from './engagement-key.ts';
import { bytesOfText, type FactSize } from './read-sizes.ts';

/** An engagement of which this transaction has read the head, and the facts beside it. */
export interface ReadEngagement extends EngagementRowKey {
  readonly checkpoint: CheckpointRow | undefined;
  /** Above the head, or all. */
  readonly facts: FactRow[];
  /** Facts that the head refers to. */
  readonly referred: FactRow[];
  /**
   * What they mean, once all of it was read.
   *
   * @throws what reading it throws
   */
  readonly known: () => KnownEngagement;
}

/** The engagements of an identity, by key. */
export type ReadEngagements = Map<string, ReadEngagement>;

/** The engagements that these rows are about, by identity. */
export function groupRows(
  checkpoints: readonly CheckpointRow[],
  facts: readonly (FactRow & Partial<KnownFactRow>)[],
  policy: Policy,
): ReadonlyMap<string, ReadEngagements> {
  const people = new Map<string, ReadEngagements>();
  const engagementOf = (row: EngagementRowKey, checkpoint?: CheckpointRow): ReadEngagement => {
    const own = people.get(row.identityId) ?? new Map<string, ReadEngagement>();
    people.set(row.identityId, own);
    const key = engagementKey(row.source, row.engagement);
    const known = own.get(key) ?? emptyEngagement(row, checkpoint, policy);
    own.set(key, known);
    return known;
  };
  for (const row of checkpoints) engagementOf(row, row);
  for (const row of facts) {
    const { referred, facts: above } = engagementOf(row);
    (row.referred === true ? referred : above).push(row);
  }
  return people;
}

/** An engagement whose facts are added once they are read. */
export function emptyEngagement(
  { identityId, source, engagement }: EngagementRowKey,
  checkpoint: CheckpointRow | undefined,
  policy: Policy,
): ReadEngagement {
  const read = { identityId, source, engagement, checkpoint, facts: [], referred: [] };
  let known: KnownEngagement | undefined;
  return { ...read, known: () => (known ??= knownOf(read, policy)) };
}

function knownOf(read: Omit<ReadEngagement, 'known'>, policy: Policy): KnownEngagement {
  const { source, engagement, checkpoint } = read;
  return knownFrom(
    {
      source,
      engagement,
      head: headOf(checkpoint),
      base: baseOf(checkpoint),
      facts: read.facts.map(asFact),
      referred: read.referred.map(asFact),
    },
    policy,
  );
}

export function headOf(row: CheckpointRow | undefined): StoredEngagement['head'] {
  if (row === undefined || row.throughOrder === null || row.head === null) return undefined;
  return { throughOrder: row.throughOrder, text: row.head };
}

export function baseOf(row: CheckpointRow | undefined): StoredEngagement['base'] {
  if (row === undefined || row.prunedBelow === null || row.base === null) return undefined;
  return { prunedBelow: row.prunedBelow, text: row.base };
}

export function asFact(row: FactRow): EngagementFact {
  return {
    eventId: row.eventId,
    source: row.source,
    kind: row.kind as FactKind,
    engagement: row.engagement,
    order: row.sourceOrder,
    data: JSON.parse(row.data) as unknown,
  } as EngagementFact;
}

export function sizeOf({ source, engagement, eventId, sourceOrder, data }: FactRow): FactSize {
  return { source, engagement, eventId, order: sourceOrder, bytes: bytesOfText(data) };
}

export function introduces(kind: string): boolean {
  return kind === 'joined' || kind === 'stated';
}
