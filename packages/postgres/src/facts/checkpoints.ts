import { sql } from 'kysely';
import { IDENTITY_ID } from '../identity/identity-rows.ts';
import type { Tx } from '../in-transaction.ts';
import { encodeRows, type RowParameters, selectRows } from '../row-parameters.ts';
import {
  listColumns,
  matchKey,
  type NewRowOf,
  type RowOf,
  rowSpec,
  selectColumns,
} from '../row-spec.ts';
import { statement } from '../statement.ts';
import { ENGAGEMENT_KEY, type EngagementRowKey, ONE_BY_ONE } from './fact-rows.ts';

const CHECKPOINT = rowSpec(
  'engagement_checkpoint',
  {
    identityId: 'uuid',
    source: 'text',
    engagement: 'text',
    /** null, as `head`: there is no head. */
    throughOrder: 'bigint?',
    /** JSON text, at most 8 KB. */
    head: 'text?',
    /** null, as `base`: no fact was pruned. */
    prunedBelow: 'bigint?',
    /** JSON text, at most 8 KB. */
    base: 'text?',
  },
  { key: ['identityId', 'source', 'engagement'] },
);

export interface CheckpointRow extends RowOf<typeof CHECKPOINT> {
  /** Whether the head refers to facts. */
  readonly refers: boolean;
}

/** The checkpoints of these identities, in no order. */
export const listCheckpoints = statement<RowParameters<typeof IDENTITY_ID>, CheckpointRow>(
  'list_checkpoints',
  (p) => sql`
    select ${selectColumns(CHECKPOINT)},
      cardinality(engagement_checkpoint.referred) > 0 as refers
    from (${selectRows(IDENTITY_ID, p)}) as wanted
    cross join lateral (
      select ${listColumns(CHECKPOINT)}, referred from engagement_checkpoint
      where engagement_checkpoint.identity_id = wanted.identity_id
      ${ONE_BY_ONE}
    ) as engagement_checkpoint`,
);

const HEAD = rowSpec(
  'engagement_checkpoint',
  {
    identityId: 'uuid',
    source: 'text',
    engagement: 'text',
    throughOrder: 'bigint',
    head: 'text',
    /** Event ids, separated by line feeds; undefined: none. */
    referred: 'text?',
  },
  { key: ['identityId', 'source', 'engagement'], order: 'key' },
);

/** A head to be saved. */
export interface SavedHead extends Omit<NewRowOf<typeof HEAD>, 'referred'> {
  /** The event ids of facts that it refers to. */
  readonly referred: readonly string[];
}

/**
 * Saves heads. To be called after `appendFacts`: facts that are added drop the head that they are not above. What was
 * pruned stays as it is.
 */
export function saveHeads(tx: Tx, heads: readonly SavedHead[]): void {
  if (heads.length === 0) return;
  const rows = heads.map((head) => ({
    ...head,
    referred: head.referred.length === 0 ? undefined : head.referred.join('\n'),
  }));
  tx.finally(upsertHeads, encodeRows(HEAD, rows));
}

const upsertHeads = statement<RowParameters<typeof HEAD>, object>(
  'upsert_heads',
  (p) => sql`
    insert into engagement_checkpoint (${listColumns(HEAD)})
    select identity_id, source, engagement, through_order, head,
      coalesce(string_to_array(referred, E'\\n'), '{}')
    from (${selectRows(HEAD, p)}) as saved
    order by ${listColumns({ columns: HEAD.key })}
    on conflict (${listColumns({ columns: HEAD.key })}) do update set
      through_order = excluded.through_order, head = excluded.head, referred = excluded.referred`,
);

/** Drops heads: the engagements are read from all their facts next time. */
export function dropHeads(tx: Tx, engagements: readonly EngagementRowKey[]): void {
  if (engagements.length === 0) return;
  tx.finally(forgetHeads, encodeRows(ENGAGEMENT_KEY, engagements));
}

const forgetHeads = statement<RowParameters<typeof ENGAGEMENT_KEY>, object>(
  'forget_heads',
  (p) => sql`
    update engagement_checkpoint set through_order = null, head = null, referred = '{}'
    from (${selectRows(ENGAGEMENT_KEY, p)}) as dropped
    where ${matchKey({ ...ENGAGEMENT_KEY, table: 'engagement_checkpoint' }, 'dropped')}
      and engagement_checkpoint.head is not null`,
);

const ROW_KEY = rowSpec(
  'checkpoint_row_key',
  { identityId: 'uuid', source: 'text', engagement: 'text', rowKey: 'text' },
  { key: ['identityId', 'source', 'engagement', 'rowKey'], order: 'key' },
);

/** The key of a dated row that the head of an engagement does not contain. */
export type RowKeyRow = RowOf<typeof ROW_KEY>;

/** Those of these keys that the head of their engagement does not contain. */
export async function findRowKeys(
  tx: Tx,
  keys: readonly RowKeyRow[],
): Promise<readonly RowKeyRow[]> {
  return keys.length === 0 ? [] : tx.run(selectRowKeys, encodeRows(ROW_KEY, keys));
}

const selectRowKeys = statement<RowParameters<typeof ROW_KEY>, RowKeyRow>(
  'select_row_keys',
  (p) => sql`
    select ${selectColumns(ROW_KEY)}
    from (${selectRows(ROW_KEY, p)}) as wanted
    join checkpoint_row_key on ${matchKey(ROW_KEY, 'wanted')}`,
);

/** Saves keys of dated rows that heads do not contain. Of the `replaced` engagements all others are forgotten. */
export function saveTrimmedKeys(
  tx: Tx,
  replaced: readonly EngagementRowKey[],
  keys: readonly RowKeyRow[],
): void {
  if (replaced.length > 0) tx.finally(deleteRowKeys, encodeRows(ENGAGEMENT_KEY, replaced));
  if (keys.length > 0) tx.finally(insertRowKeys, encodeRows(ROW_KEY, keys));
}

const deleteRowKeys = statement<RowParameters<typeof ENGAGEMENT_KEY>, object>(
  'delete_row_keys',
  (p) => sql`
    delete from checkpoint_row_key using (${selectRows(ENGAGEMENT_KEY, p)}) as whole
    where ${matchKey({ ...ENGAGEMENT_KEY, table: 'checkpoint_row_key' }, 'whole')}`,
);

const insertRowKeys = statement<RowParameters<typeof ROW_KEY>, object>(
  'insert_row_keys',
  (p) => sql`
    insert into checkpoint_row_key (${listColumns(ROW_KEY)})
    select ${listColumns(ROW_KEY)} from (${selectRows(ROW_KEY, p)}) as saved
    order by ${listColumns(ROW_KEY)}
    on conflict do nothing`,
);
