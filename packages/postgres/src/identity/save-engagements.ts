import { sql } from 'kysely';
import type { Tx } from '../in-transaction.ts';
import { encodeRows, type RowParameters } from '../row-parameters.ts';
import { differs, type NewRowOf, rowSpec } from '../row-spec.ts';
import { statement } from '../statement.ts';
import { upsertRows } from '../write-rows.ts';

const ENGAGEMENT = rowSpec(
  'engagement',
  {
    identityId: 'uuid',
    source: 'text',
    engagement: 'text',
    externalId: 'text',
    startsAtMs: 'ms?',
    endsAtMs: 'ms?',
    accessEndsAtMs: 'ms?',
    state: 'text',
  },
  { key: ['identityId', 'source', 'engagement'], fixed: ['externalId'], order: 'key' },
);

export type SavedEngagement = NewRowOf<typeof ENGAGEMENT>;

/** Saves what the facts state of engagements now; rows that state the same already stay untouched. */
export function saveEngagements(tx: Tx, engagements: readonly SavedEngagement[]): void {
  if (engagements.length === 0) return;
  tx.finally(upsertEngagements, encodeRows(ENGAGEMENT, engagements));
}

const upsertEngagements = statement<RowParameters<typeof ENGAGEMENT>, object>(
  'upsert_engagements',
  (p) => sql`
    ${upsertRows(ENGAGEMENT, p)}
    where ${differs(ENGAGEMENT, 'excluded')}`,
);
