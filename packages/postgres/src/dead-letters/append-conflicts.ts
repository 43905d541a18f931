import { sql } from 'kysely';
import type { Tx } from '../in-transaction.ts';
import { statement } from '../statement.ts';

/** A delivery whose event id was claimed before, with other content. */
export interface NewConflict {
  readonly eventId: string;
  readonly fingerprint: Buffer;
  readonly body: Buffer | null;
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  /** How many deliveries of this content the batch held. */
  readonly count: number;
}

/** Keeps one row for each different content of an event id, and counts its deliveries. */
export function appendConflicts(tx: Tx, conflicts: readonly NewConflict[]): void {
  if (conflicts.length === 0) return;
  tx.finally(upsertConflicts, {
    eventIds: conflicts.map((conflict) => conflict.eventId),
    fingerprints: conflicts.map((conflict) => conflict.fingerprint),
    bodies: conflicts.map((conflict) => conflict.body),
    topics: conflicts.map((conflict) => conflict.topic),
    partitions: conflicts.map((conflict) => conflict.partition),
    offsets: conflicts.map((conflict) => String(conflict.offset)),
    counts: conflicts.map((conflict) => conflict.count),
  });
}

interface Arrays {
  readonly eventIds: readonly string[];
  readonly fingerprints: readonly Buffer[];
  readonly bodies: readonly (Buffer | null)[];
  readonly topics: readonly string[];
  readonly partitions: readonly number[];
  readonly offsets: readonly string[];
  readonly counts: readonly number[];
}

const upsertConflicts = statement<Arrays, object>(
  'upsert_conflicts',
  (p) => sql`
    insert into conflict as known
      (event_id, fingerprint, body, topic, partition, "offset", count)
    select * from unnest(${p.eventIds}::text[], ${p.fingerprints}::bytea[], ${p.bodies}::bytea[],
      ${p.topics}::text[], ${p.partitions}::integer[], ${p.offsets}::bigint[],
      ${p.counts}::bigint[]) as found (event_id, fingerprint, body, topic, partition, "offset", count)
    order by event_id, fingerprint
    on conflict (event_id, fingerprint) do update set
      count = known.count + excluded.count, last_seen_at = clock_timestamp()`,
);
