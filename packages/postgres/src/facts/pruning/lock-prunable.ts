import { sql } from 'kysely';
import { NO_OLDER_VERSION } from '../../policies/policies.ts';
import { statement } from '../../statement.ts';
import { type EngagementRowKey } from '../fact-rows.ts';

/**
 * Locks an identity as deciding about it does. Returns no row where another transaction has locked it, or while an older
 * version is at work that would read pruned records wrongly.
 */
export const lockToPrune = statement<{ identityId: string }, { identityId: string }>(
  'lock_to_prune',
  (p) => sql`
    select identity_id as "identityId" from identity
    where identity_id = ${p.identityId}::uuid and ${NO_OLDER_VERSION}
    for no key update skip locked`,
);

/** What is stored of an engagement beside its facts; see `CheckpointRow`. */
export interface PrunedRow {
  readonly throughOrder: bigint | null;
  readonly head: string | null;
  /** Event ids. */
  readonly referred: readonly string[];
  readonly prunedBelow: bigint | null;
  readonly base: string | null;
}

/** The checkpoint of one engagement; no row: it has none. */
export const readPruned = statement<EngagementRowKey, PrunedRow>(
  'read_pruned',
  (p) => sql`
    select through_order as "throughOrder", head, referred, pruned_below as "prunedBelow", base
    from engagement_checkpoint
    where identity_id = ${p.identityId}::uuid and source = ${p.source}::text
      and engagement = ${p.engagement}::text`,
);
