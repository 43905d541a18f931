import { sql } from 'kysely';
import { IDENTITY_ID } from '../identity/identity-rows.ts';
import type { Tx } from '../in-transaction.ts';
import { encodeRows, type RowParameters, selectRows } from '../row-parameters.ts';
import { type NewRowOf, pickColumns, type RowOf, rowSpec, selectColumns } from '../row-spec.ts';
import { statement } from '../statement.ts';
import { insertRows } from '../write-rows.ts';

const NEW_FACT = rowSpec(
  'fact',
  {
    eventId: 'text',
    /** SHA-256 in hexadecimal. */
    fingerprint: 'hex',
    identityId: 'uuid',
    source: 'text',
    kind: 'text',
    engagement: 'text?',
    sourceOrder: 'bigint',
    /** JSON text. */
    data: 'text',
  },
  { key: ['eventId'], order: 'key' },
);

export type NewFact = NewRowOf<typeof NEW_FACT>;

const FACT = pickColumns(NEW_FACT, [
  'eventId',
  'identityId',
  'source',
  'kind',
  'engagement',
  'sourceOrder',
  'data',
]);

export type FactRow = RowOf<typeof FACT>;

/** Every fact of these identities that was not voided. */
export const listFacts = statement<RowParameters<typeof IDENTITY_ID>, FactRow>(
  'list_facts',
  (p) => sql`
    select ${selectColumns(FACT)}
    from (${selectRows(IDENTITY_ID, p)}) as wanted
    join fact on fact.identity_id = wanted.identity_id
    where voided_at is null`,
);

/** Adds facts to the record. An event id that is there already fails the transaction. */
export function appendFacts(tx: Tx, facts: readonly NewFact[]): void {
  if (facts.length === 0) return;
  tx.finally(insertFacts, encodeRows(NEW_FACT, facts));
}

const insertFacts = statement<RowParameters<typeof NEW_FACT>, object>('insert_facts', (p) =>
  insertRows(NEW_FACT, p),
);
