import { sql } from 'kysely';
import { type RowOf, rowSpec, selectColumns } from '../row-spec.ts';
import { statement } from '../statement.ts';

const SUMMARY = rowSpec(
  'conflict',
  {
    eventId: 'text',
    fingerprint: 'bytea',
    topic: 'text',
    partition: 'integer',
    offset: 'bigint',
    /** Deliveries with this content. */
    count: 'bigint',
    firstSeenAtMs: 'ms',
    lastSeenAtMs: 'ms',
  },
  { key: ['eventId', 'fingerprint'] },
);

export type ConflictSummary = RowOf<typeof SUMMARY>;

/** Conflicts, the last seen first. */
export const listConflicts = statement<{ limit: number }, ConflictSummary>(
  'list_conflicts',
  (p) => sql`
    select ${selectColumns(SUMMARY)}
    from conflict order by last_seen_at desc, event_id, fingerprint limit ${p.limit}`,
);

/** Every other content that came for an event id, with its body. */
export const readConflicts = statement<
  { eventId: string },
  ConflictSummary & { body: Buffer | null }
>(
  'read_conflicts',
  (p) => sql`
    select ${selectColumns(SUMMARY)}, body
    from conflict where event_id = ${p.eventId} order by first_seen_at, fingerprint`,
);

export interface FirstContent {
  /** null where the inbox has forgotten it. */
  readonly disposition: string | null;
  readonly fingerprint: Buffer | null;
  readonly receivedAtMs: number;
  /** The content that counted: the fact's data, the report's data, or the raw bytes of a dead letter. */
  readonly body: string | null;
}

/** What counted for an event id: the content that came first. None where nothing remembers it. */
export const readFirstContent = statement<{ eventId: string }, FirstContent>(
  'read_first_content',
  (p) => sql`
    select inbox.disposition,
      coalesce(inbox.fingerprint, fact.fingerprint, report.fingerprint) as fingerprint,
      coalesce(inbox.received_at, fact.received_at, report.first_seen_at) as "receivedAtMs",
      coalesce(fact.data, report.data, encode(letter.raw, 'escape')) as body
    from (select ${p.eventId}::text collate "C" as event_id) as wanted
    left join inbox on inbox.event_id = wanted.event_id
    left join fact on fact.event_id = wanted.event_id
    left join verification_callback as report on report.event_id = wanted.event_id
    left join lateral (
      select raw from dead_letter where dead_letter.event_id = wanted.event_id
      order by received_at limit 1
    ) as letter on true
    where coalesce(inbox.event_id, fact.event_id, report.event_id) is not null`,
);
