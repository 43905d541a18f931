import { sql } from 'kysely';
import type { Tx } from '../in-transaction.ts';
import { encodeRows, type RowParameters, selectRows } from '../row-parameters.ts';
import { type RowOf, rowSpec } from '../row-spec.ts';
import { statement } from '../statement.ts';

const CLAIM = rowSpec(
  'inbox',
  {
    eventId: 'text',
    /** SHA-256 in hexadecimal. */
    fingerprint: 'hex',
  },
  { key: ['eventId'] },
);

export type Claim = RowOf<typeof CLAIM>;

/** The earlier claim of an event. */
export interface EarlierClaim {
  readonly eventId: string;
  readonly fingerprint: Buffer;
  /** JSON text; null where the disposition is the whole outcome. Of a report: its disposition and final state. */
  readonly outcome: string | null;
}

/**
 * Claims event ids for this transaction. Returns what is known of those that were claimed before,
 * by event id; every other event is claimed once the transaction commits.
 *
 * Two statements: in one, a claim that commits while this one waits for it is seen by neither half. The
 * ids are inserted in their order, so that two batches cannot wait for each other. A fact keeps its
 * event id, and so does the report of a verification: they are known also after the inbox forgot them.
 *
 * @throws Error when one was forgotten between the two statements; the next try finds or claims it
 */
export async function claimEvents(
  tx: Tx,
  claims: readonly Claim[],
): Promise<ReadonlyMap<string, EarlierClaim>> {
  if (claims.length === 0) return new Map();
  const sorted = claims.toSorted((a, b) => (a.eventId < b.eventId ? -1 : 1));
  const won = await tx.run(insertClaims, encodeRows(CLAIM, sorted));
  if (won.length === claims.length) return new Map();
  const claimed = new Set(won.map((row) => row.event_id));
  const lost = sorted.filter(({ eventId }) => !claimed.has(eventId));
  const earlier = await tx.run(listClaims, encodeRows(CLAIM, lost));
  if (earlier.length !== lost.length) throw new Error('a lost claim has no row');
  return new Map(earlier.map((row) => [row.eventId, row]));
}

const insertClaims = statement<RowParameters<typeof CLAIM>, { event_id: string }>(
  'insert_claims',
  (p) => sql`
    insert into inbox (event_id, fingerprint)
    select event_id, fingerprint from (${selectRows(CLAIM, p)}) as claim
    where not exists (select from fact where fact.event_id = claim.event_id)
      and not exists (
        select from verification_callback as report where report.event_id = claim.event_id)
    order by ordinal
    on conflict (event_id) do nothing
    returning event_id`,
);

/** The report is written in the transaction of the claim with its disposition: the claim need not be updated. */
const outcomeOfReport = sql`case when report.event_id is not null then json_strip_nulls(
  json_build_object('disposition', report.disposition, 'finalState', report.final_state))::text end`;

/**
 * One look-up in one partition a row (`limit 1`): a join is costed as one in every partition, and planned as a
 * scan of the whole inbox. A report without a fingerprint cannot be told from another content of its id: it
 * counts as the same.
 */
const listClaims = statement<RowParameters<typeof CLAIM>, EarlierClaim>(
  'list_claims',
  (p) => sql`
    select lost.event_id as "eventId",
      coalesce(inbox.fingerprint, fact.fingerprint, report.fingerprint, lost.fingerprint)
        as fingerprint,
      coalesce(inbox.outcome, ${outcomeOfReport}) as outcome
    from (${selectRows(CLAIM, p)}) as lost
    left join lateral (
      select event_id, fingerprint, outcome from inbox where inbox.event_id = lost.event_id limit 1
    ) as inbox on true
    left join fact on fact.event_id = lost.event_id
    left join verification_callback as report on report.event_id = lost.event_id
    where coalesce(inbox.event_id, fact.event_id, report.event_id) is not null`,
);
