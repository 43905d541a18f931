import { sql } from 'kysely';
import type { Tx } from '../in-transaction.ts';
import { columnsOf, type RowColumns, selectRows } from '../rows.ts';
import { statement } from '../statement.ts';

export interface CorrelationKey {
  readonly kind: 'engagement';
  readonly value: string;
  readonly externalId: string;
}

/**
 * Makes the keys that do not exist yet and returns, by value, to whom each was first known. A racing
 * transaction that makes the same key is waited for, so that both see the same holder.
 */
export async function holdCorrelationKeys(
  tx: Tx,
  keys: readonly CorrelationKey[],
): Promise<ReadonlyMap<string, string>> {
  if (keys.length === 0) return new Map();
  const sorted = keys.toSorted((a, b) => (a.value < b.value ? -1 : 1));
  const rows = sorted.map((key) => ({
    kind: key.kind,
    value: key.value,
    external_id: key.externalId,
  }));
  const holders = new Map<string, string>();
  const hold = (found: readonly Holder[]): void => {
    for (const { value, externalId } of found) holders.set(value, externalId);
  };
  hold(await tx.run(insertCorrelationKeys, columnsOf(KEY, rows)));
  const raced = rows.filter(({ value }) => !holders.has(value));
  if (raced.length > 0) hold(await tx.run(listCorrelationKeys, columnsOf(KEY, raced)));
  return holders;
}

interface Holder {
  readonly value: string;
  readonly externalId: string;
}

const KEY = { kind: 'text', value: 'text', external_id: 'text' } as const;

/** Of all but those that somebody else made since the statement began. */
const insertCorrelationKeys = statement<RowColumns<typeof KEY>, Holder>(
  'insert_correlation_keys',
  (p) => sql`
    with looked as (
      select wanted.kind, wanted.value, wanted.external_id, wanted.ordinal,
        known.external_id as holder
      from (${selectRows(KEY, p)}) as wanted
      left join correlation_key as known on known.kind = wanted.kind and known.value = wanted.value
    ), made as (
      insert into correlation_key (kind, value, external_id)
      select kind, value, external_id from looked where holder is null order by ordinal
      on conflict (kind, value) do nothing
      returning value, external_id
    )
    select value, holder as "externalId" from looked where holder is not null
    union all select value, external_id from made`,
);

const listCorrelationKeys = statement<RowColumns<typeof KEY>, Holder>(
  'list_correlation_keys',
  (p) => sql`
    select known.value, known.external_id as "externalId"
    from (${selectRows(KEY, p)}) as wanted
    join correlation_key as known on known.kind = wanted.kind and known.value = wanted.value`,
);
