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
  const made = await tx.run(insertCorrelationKeys, columnsOf(KEY, rows));
  const holders = new Map(keys.map((key) => [key.value, key.externalId]));
  if (made.length === keys.length) return holders;
  for (const row of await tx.run(listCorrelationKeys, columnsOf(KEY, rows))) {
    holders.set(row.value, row.externalId);
  }
  return holders;
}

const KEY = { kind: 'text', value: 'text', external_id: 'text' } as const;

const insertCorrelationKeys = statement<RowColumns<typeof KEY>, { value: string }>(
  'insert_correlation_keys',
  (p) => sql`
    insert into correlation_key (kind, value, external_id)
    select kind, value, external_id from (${selectRows(KEY, p)}) as wanted order by ordinal
    on conflict (kind, value) do nothing
    returning value`,
);

const listCorrelationKeys = statement<
  RowColumns<typeof KEY>,
  { value: string; externalId: string }
>(
  'list_correlation_keys',
  (p) => sql`
    select known.value, known.external_id as "externalId"
    from (${selectRows(KEY, p)}) as wanted
    join correlation_key as known on known.kind = wanted.kind and known.value = wanted.value`,
);
