import { sql } from 'kysely';
import type { Tx } from '../in-transaction.ts';
import { columnsOf, type RowColumns, selectRows } from '../rows.ts';
import { statement } from '../statement.ts';

export interface FactRow {
  readonly eventId: string;
  readonly identityId: string;
  readonly source: string;
  readonly kind: string;
  readonly engagement: string | null;
  readonly sourceOrder: bigint;
  /** JSON text. */
  readonly data: string;
}

export interface NewFact {
  readonly eventId: string;
  /** SHA-256 in hexadecimal. */
  readonly fingerprint: string;
  readonly identityId: string;
  readonly source: string;
  readonly kind: string;
  readonly engagement: string | undefined;
  readonly sourceOrder: bigint;
  /** JSON text. */
  readonly data: string;
}

const ID = { identity_id: 'uuid' } as const;

/** Every fact of these identities that was not voided. */
export const listFacts = statement<RowColumns<typeof ID>, FactRow>(
  'list_facts',
  (p) => sql`
    select event_id as "eventId", fact.identity_id as "identityId", source, kind, engagement,
      source_order as "sourceOrder", data
    from (${selectRows(ID, p)}) as wanted join fact on fact.identity_id = wanted.identity_id
    where voided_at is null`,
);

const FACT = {
  event_id: 'text',
  fingerprint: 'hex',
  identity_id: 'uuid',
  source: 'text',
  kind: 'text',
  engagement: 'text',
  source_order: 'bigint',
  data: 'text',
} as const;

/** Adds facts to the record. An event id that is there already fails the transaction. */
export function appendFacts(tx: Tx, facts: readonly NewFact[]): void {
  if (facts.length === 0) return;
  const rows = facts.map((fact) => ({
    event_id: fact.eventId,
    fingerprint: fact.fingerprint,
    identity_id: fact.identityId,
    source: fact.source,
    kind: fact.kind,
    engagement: fact.engagement,
    source_order: fact.sourceOrder,
    data: fact.data,
  }));
  tx.finally(insertFacts, columnsOf(FACT, rows));
}

const insertFacts = statement<RowColumns<typeof FACT>, object>(
  'insert_facts',
  (p) => sql`
    insert into fact
      (event_id, fingerprint, identity_id, source, kind, engagement, source_order, data)
    select event_id, fingerprint, identity_id, source, kind, engagement, source_order, data
    from (${selectRows(FACT, p)}) as stated order by event_id`,
);
