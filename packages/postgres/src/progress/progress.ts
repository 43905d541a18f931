import { sql } from 'kysely';
import type { Tx } from '../in-transaction.ts';
import { statement } from '../statement.ts';

export interface PartitionKey {
  readonly topic: string;
  readonly partition: number;
}

/** Where reading of an input partition stands. */
export interface ProgressRow {
  readonly epoch: number;
  readonly nextOffset: bigint;
  readonly lastOffset: bigint | null;
  readonly lastDigest: Buffer | null;
  readonly stoppedCode: string | null;
  readonly stoppedDetail: string | null;
  /** Milliseconds since 1970, by the database's clock. */
  readonly nowMs: number;
}

const columns = sql`
  epoch, next_offset as "nextOffset", last_offset as "lastOffset", last_digest as "lastDigest",
  stopped_code as "stoppedCode", stopped_detail as "stoppedDetail", clock_timestamp() as "nowMs"`;

/** A partition that was never read starts at `nextOffset`; one that was stays as it is. */
export const insertProgress = statement<PartitionKey & { nextOffset: bigint }, object>(
  'insert_progress',
  (p) => sql`
    insert into intake_progress (topic, partition, first_offset, next_offset)
    values (${p.topic}, ${p.partition}, ${p.nextOffset}, ${p.nextOffset})
    on conflict (topic, partition) do nothing`,
);

/** None where the partition was never read. */
export const readProgress = statement<PartitionKey, ProgressRow>(
  'read_progress',
  (p) => sql`
    select ${columns} from intake_progress
    where topic = ${p.topic} and partition = ${p.partition}`,
);

/** What a batch starts from. */
export interface LockedProgressRow extends ProgressRow {
  /** See `readRetainedSince`. */
  readonly retainedSinceMs: number | null;
}

/** The first statement of every batch: whoever holds this row owns the position. */
export const lockProgress = statement<PartitionKey, LockedProgressRow>(
  'lock_progress',
  (p) => sql`
    select ${columns}, (select retained_since from inbox_retention) as "retainedSinceMs"
    from intake_progress
    where topic = ${p.topic} and partition = ${p.partition}
    for update`,
);

export interface Advance extends PartitionKey {
  readonly nextOffset: bigint;
  /** null keeps the digest of the last record that was taken. */
  readonly lastOffset: bigint | null;
  readonly lastDigest: Buffer | null;
  /** Milliseconds since 1970; null where nothing new is known. */
  readonly readThroughMs: number | null;
  readonly received: number;
  readonly applied: number;
  readonly duplicate: number;
  readonly stale: number;
  readonly conflict: number;
  readonly deadLetter: number;
}

/** Moves the position on, in the transaction that applied what lies before it. */
export const advanceProgress = statement<Advance, object>(
  'advance_progress',
  (p) => sql`
    update intake_progress set
      next_offset = ${p.nextOffset},
      last_offset = coalesce(${p.lastOffset}::bigint, last_offset),
      last_digest = coalesce(${p.lastDigest}::bytea, last_digest),
      read_through_at = greatest(read_through_at,
        to_timestamp(${p.readThroughMs}::double precision / 1000)),
      received = received + ${p.received}::integer,
      applied = applied + ${p.applied}::integer,
      duplicate = duplicate + ${p.duplicate}::integer,
      stale = stale + ${p.stale}::integer,
      conflict = conflict + ${p.conflict}::integer,
      dead_letter = dead_letter + ${p.deadLetter}::integer,
      updated_at = clock_timestamp()
    where topic = ${p.topic} and partition = ${p.partition}`,
);

export interface Stop extends PartitionKey {
  readonly code: string;
  readonly detail: string;
  /** Where the finding was made. Somebody who is past it has not made it. */
  readonly offset: bigint;
}

/** The partition stays where it is until an operator accepts what was found. */
export const stopPartition = statement<Stop, object>(
  'stop_partition',
  (p) => sql`
    update intake_progress
    set stopped_code = ${p.code}, stopped_detail = ${p.detail}, stopped_at = clock_timestamp()
    where topic = ${p.topic} and partition = ${p.partition} and stopped_code is null
      and next_offset <= ${p.offset}`,
);

/**
 * What was found in the partition's log is accepted: reading goes on at `nextOffset`. The epoch
 * rises, since offsets may now name other records than before.
 */
export const acceptProgress = statement<PartitionKey & { nextOffset: bigint }, ProgressRow>(
  'accept_progress',
  (p) => sql`
    update intake_progress set
      epoch = epoch + 1, first_offset = least(first_offset, ${p.nextOffset}),
      next_offset = ${p.nextOffset}, last_offset = null, last_digest = null,
      read_through_at = null, stopped_code = null, stopped_detail = null, stopped_at = null,
      updated_at = clock_timestamp()
    where topic = ${p.topic} and partition = ${p.partition}
    returning ${columns}`,
);

/**
 * A partition that is read to `logEnd` has no record that the broker stamped before `throughMs`.
 * Nothing changes where it is not read to there, or where more was known.
 */
export const markReadThrough = statement<
  PartitionKey & { logEnd: bigint; throughMs: number },
  object
>(
  'mark_read_through',
  (p) => sql`
    update intake_progress set read_through_at = to_timestamp(${p.throughMs}::double precision / 1000)
    where topic = ${p.topic} and partition = ${p.partition} and next_offset >= ${p.logEnd}
      and stopped_code is null
      and (read_through_at is null
        or read_through_at < to_timestamp(${p.throughMs}::double precision / 1000))`,
);

/** The database's clock, in milliseconds since 1970: what is decided under locks is decided at this time. */
export async function readNow(tx: Tx): Promise<number> {
  const [clock] = await tx.run(readClock, {});
  if (clock === undefined) throw new Error('the database has no clock');
  return clock.nowMs;
}

/** The database's clock, in milliseconds since 1970. */
export const readClock = statement<object, { nowMs: number }>(
  'read_clock',
  () => sql`select clock_timestamp() as "nowMs"`,
);
