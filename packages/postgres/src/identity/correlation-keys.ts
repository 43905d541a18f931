import { sql } from 'kysely';
import type { Tx } from '../in-transaction.ts';
import { encodeRows, type RowParameters, selectRows } from '../row-parameters.ts';
import { listColumns, type RowOf, rowSpec } from '../row-spec.ts';
import { statement } from '../statement.ts';

const KEY = rowSpec(
  'correlation_key',
  { kind: 'text', value: 'text', externalId: 'text' },
  { key: ['kind', 'value'] },
);

export interface CorrelationKey extends RowOf<typeof KEY> {
  readonly kind: 'engagement';
}

/**
 * Inserts the keys that do not exist yet and returns, by value, the external id with which each was first known. Waits for a
 * transaction that inserts the same key at the same time, so that both see the same owner.
 */
export async function lockCorrelationKeys(
  tx: Tx,
  keys: readonly CorrelationKey[],
): Promise<ReadonlyMap<string, string>> {
  if (keys.length === 0) return new Map();
  const sorted = keys.toSorted((a, b) => (a.value < b.value ? -1 : 1));
  const owners = new Map<string, string>();
  const note = (found: readonly Owner[]): void => {
    for (const { value, externalId } of found) owners.set(value, externalId);
  };
  note(await tx.run(insertCorrelationKeys, encodeRows(KEY, sorted)));
  const raced = sorted.filter(({ value }) => !owners.has(value));
  if (raced.length > 0) note(await tx.run(listCorrelationKeys, encodeRows(KEY, raced)));
  return owners;
}

interface Owner {
  readonly value: string;
  readonly externalId: string;
}

/** Returns all but those that another transaction has inserted since the statement began. */
const insertCorrelationKeys = statement<RowParameters<typeof KEY>, Owner>(
  'insert_correlation_keys',
  (p) => sql`
    with checked as (
      select wanted.kind, wanted.value, wanted.external_id, wanted.ordinal,
        known.external_id as owner
      from (${selectRows(KEY, p)}) as wanted
      left join correlation_key as known on known.kind = wanted.kind and known.value = wanted.value
    ), made as (
      insert into correlation_key (${listColumns(KEY)})
      select ${listColumns(KEY)} from checked where owner is null order by ordinal
      on conflict (kind, value) do nothing
      returning value, external_id
    )
    select value, owner as "externalId" from checked where owner is not null
    union all select value, external_id from made`,
);

const listCorrelationKeys = statement<RowParameters<typeof KEY>, Owner>(
  'list_correlation_keys',
  (p) => sql`
    select known.value, known.external_id as "externalId"
    from (${selectRows(KEY, p)}) as wanted
    join correlation_key as known on known.kind = wanted.kind and known.value = wanted.value`,
);
