import { sql } from 'kysely';
import type { Tx } from '../in-transaction.ts';
import { columnsOf, type RowColumns, selectRows } from '../rows.ts';
import { statement } from '../statement.ts';

export interface SavedEngagement {
  readonly identityId: string;
  readonly source: string;
  readonly engagement: string;
  readonly externalId: string;
  readonly startsAtMs: number | undefined;
  readonly endsAtMs: number | undefined;
  readonly accessEndsAtMs: number | undefined;
  readonly state: string;
}

/** Saves what the facts say of engagements now; rows that say the same already stay untouched. */
export function saveEngagements(tx: Tx, engagements: readonly SavedEngagement[]): void {
  if (engagements.length === 0) return;
  const rows = engagements.map((engagement) => ({
    identity_id: engagement.identityId,
    source: engagement.source,
    engagement: engagement.engagement,
    external_id: engagement.externalId,
    starts_at: engagement.startsAtMs,
    ends_at: engagement.endsAtMs,
    access_ends_at: engagement.accessEndsAtMs,
    state: engagement.state,
  }));
  tx.finally(upsertEngagements, columnsOf(ENGAGEMENT, rows));
}

const ENGAGEMENT = {
  identity_id: 'uuid',
  source: 'text',
  engagement: 'text',
  external_id: 'text',
  starts_at: 'ms',
  ends_at: 'ms',
  access_ends_at: 'ms',
  state: 'text',
} as const;

const upsertEngagements = statement<RowColumns<typeof ENGAGEMENT>, object>(
  'upsert_engagements',
  (p) => sql`
    insert into engagement as known
      (identity_id, source, engagement, external_id, starts_at, ends_at, access_ends_at, state)
    select identity_id, source, engagement, external_id, starts_at, ends_at, access_ends_at, state
    from (${selectRows(ENGAGEMENT, p)}) as saved
    order by identity_id, source, engagement
    on conflict (identity_id, source, engagement) do update set
      starts_at = excluded.starts_at, ends_at = excluded.ends_at,
      access_ends_at = excluded.access_ends_at, state = excluded.state
    where (known.starts_at, known.ends_at, known.access_ends_at, known.state)
      is distinct from (excluded.starts_at, excluded.ends_at, excluded.access_ends_at, excluded.state)`,
);
