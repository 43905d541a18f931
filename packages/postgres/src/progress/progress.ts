import { sql } from 'kysely';
import type { Tx } from '../in-transaction.ts';
import { encodeRows, type RowParameters, selectRows } from '../row-parameters.ts';
import { pickColumns, type RowOf, rowSpec } from '../row-spec.ts';
import { statement } from '../statement.ts';

const ADVANCE = rowSpec(
  'intake_progress',
  {
    topic: 'text',
    partition: 'integer',
    nextOffset: 'bigint',
    lastOffset: 'bigint?',
    lastDigest: 'hex?',
    isolations: 'integer',
    received: 'integer',
    applied: 'integer',
    duplicate: 'integer',
    stale: 'integer',
    conflict: 'integer',
    deadLetter: 'integer',
  },
  { key: ['topic', 'partition'] },
);

const PARTITION = pickColumns(ADVANCE, ['topic', 'partition']);

export type PartitionKey = RowOf<typeof PARTITION>;

/** The position of an input partition. */
export interface ProgressRow {
  readonly epoch: number;
  readonly nextOffset: bigint;
  readonly lastOffset: bigint | null;
  readonly lastDigest: Buffer | null;
  readonly stoppedCode: string | null;
  readonly stoppedDetail: string | null;
  /** Names what was found, and changes with every finding; null where nothing was. */
  readonly findingId: string | null;
  /** Events that could not be applied, one after the other. */
  readonly isolations: number;
  /** Deliveries below this offset are given up. */
  readonly giveUpBefore: bigint;
  /** Milliseconds since 1970, by the database's clock. */
  readonly nowMs: number;
}

/** Of 12 hexadecimal digits: a partition stops once in an epoch and a microsecond. */
export const findingId = sql<string | null>`
  case when stopped_code is not null then left(encode(sha256(convert_to(concat_ws(' ',
    topic, partition, epoch, stopped_code, extract(epoch from stopped_at), stopped_detail
  ), 'UTF8')), 'hex'), 12) end`;

const columns = sql`
  epoch, next_offset as "nextOffset", last_offset as "lastOffset", last_digest as "lastDigest",
  stopped_code as "stoppedCode", stopped_detail as "stoppedDetail", ${findingId} as "findingId",
  isolations, give_up_before as "giveUpBefore", clock_timestamp() as "nowMs"`;

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
export interface LockedProgressRow extends ProgressRow, PartitionKey {
  /** See `readRetainedSince`. */
  readonly retainedSinceMs: number | null;
}

/** How long a partition may be stopped before deadlines stop waiting for it. */
export const LEFT_OUT_AFTER = sql`interval '1 hour'`;

const selectForUpdate = (p: RowParameters<typeof PARTITION>) => sql`
  select topic, partition, ${columns},
    (select retained_since from inbox_retention) as "retainedSinceMs"
  from intake_progress
  where (topic, partition) in (select topic, partition from (${selectRows(PARTITION, p)}) as wanted)
  order by topic, partition
  for update`;

/**
 * The first statement of every batch: the transaction that has locked the row of a partition owns its position. Waits for
 * the row of one partition; of several, those that another transaction has locked are left out, so that they delay no other.
 */
export function lockProgress(
  tx: Tx,
  partitions: readonly PartitionKey[],
): Promise<readonly LockedProgressRow[]> {
  const wanted = partitions.length > 1 ? lockFreeProgress : lockOneProgress;
  return tx.run(wanted, encodeRows(PARTITION, partitions));
}

const lockOneProgress = statement<RowParameters<typeof PARTITION>, LockedProgressRow>(
  'lock_progress',
  (p) => sql`${selectForUpdate(p)}`,
);

const lockFreeProgress = statement<RowParameters<typeof PARTITION>, LockedProgressRow>(
  'lock_free_progress',
  (p) => sql`${selectForUpdate(p)} skip locked`,
);

/** The position of a partition after a batch, and what is added to its counts. */
export interface Advance extends Omit<RowOf<typeof ADVANCE>, 'lastDigest'> {
  /** null keeps the offset and the digest of the last record that was processed. */
  readonly lastOffset: bigint | null;
  readonly lastDigest: Buffer | null;
}

/** Advances positions, in the transaction that applied the deliveries before them. */
export function advanceProgress(tx: Tx, advances: readonly Advance[]): void {
  if (advances.length === 0) return;
  const rows = advances.map((one) => ({
    ...one,
    lastDigest: one.lastDigest?.toString('hex') ?? null,
  }));
  tx.finally(updateProgress, encodeRows(ADVANCE, rows));
}

const updateProgress = statement<RowParameters<typeof ADVANCE>, object>(
  'advance_progress',
  (p) => sql`
    update intake_progress as known set
      next_offset = added.next_offset,
      last_offset = coalesce(added.last_offset, known.last_offset),
      last_digest = coalesce(added.last_digest, known.last_digest),
      isolations = added.isolations,
      received = known.received + added.received,
      applied = known.applied + added.applied,
      duplicate = known.duplicate + added.duplicate,
      stale = known.stale + added.stale,
      conflict = known.conflict + added.conflict,
      dead_letter = known.dead_letter + added.dead_letter,
      updated_at = clock_timestamp()
    from (${selectRows(ADVANCE, p)}) as added
    where known.topic = added.topic and known.partition = added.partition`,
);

export interface Stop extends PartitionKey {
  readonly code: string;
  readonly detail: string;
  /** Where the finding was made. A process whose position is after it has not made it. */
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
 * Accepts what was found in the partition: reading continues at `nextOffset`, deliveries below `giveUpBefore` are given
 * up, and isolations are counted from 0. The epoch rises, since offsets may now name other records than before. Nothing
 * changes where the partition is not stopped.
 */
export const acceptProgress = statement<
  PartitionKey & { nextOffset: bigint; giveUpBefore: bigint },
  ProgressRow
>(
  'accept_progress',
  (p) => sql`
    update intake_progress set
      epoch = epoch + 1, first_offset = least(first_offset, ${p.nextOffset}),
      next_offset = ${p.nextOffset}, last_offset = null, last_digest = null,
      read_through_at = null, stopped_code = null, stopped_detail = null, stopped_at = null,
      isolations = 0, give_up_before = ${p.giveUpBefore}, updated_at = clock_timestamp()
    where topic = ${p.topic} and partition = ${p.partition} and stopped_code is not null
    returning ${columns}`,
);

/** How far a partition of a topic was read. Instants are milliseconds since 1970. */
export interface ReadThroughRow {
  readonly partition: number;
  readonly epoch: number;
  readonly nextOffset: bigint;
  /** See `markReadThrough`; null where it was never read to its end. */
  readonly readThroughMs: number | null;
  /** Stopped for an hour: deadlines do not wait for it any more. */
  readonly isLeftOut: boolean;
}

export const listReadThrough = statement<{ topic: string }, ReadThroughRow>(
  'list_read_through',
  (p) => sql`
    select partition, epoch, next_offset as "nextOffset", read_through_at as "readThroughMs",
      coalesce(stopped_at <= clock_timestamp() - ${LEFT_OUT_AFTER}, false) as "isLeftOut"
    from intake_progress where topic = ${p.topic} order by partition`,
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
