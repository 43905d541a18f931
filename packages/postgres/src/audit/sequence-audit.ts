import { sql } from 'kysely';
import type { Tx } from '../in-transaction.ts';
import { statement } from '../statement.ts';

/** Entries that one pass gives their positions, at most. */
export const SEQUENCE_MAX_ENTRIES = 10_000;

/**
 * One pass of the sequencer: gives final audit entries their positions in the order of their ids, at most `maxEntries` of
 * them. Returns how many; 0 also while another process sequences, or nothing new is final. A returned `maxEntries` means
 * that more may wait.
 *
 * `audit_order` maps audit ids to positions: positions are contiguous from 1, every committed entry receives exactly
 * one, and it never changes.
 *
 * Entries are ordered only once they are final: each id up to a noted one belongs to a transaction that has ended. A
 * transaction has its transaction id before its first audit id (`insert_audit`). The last assigned audit id L is read
 * before this transaction has its own transaction id X; therefore each transaction with an audit id up to L is below X.
 * A pass notes L and X. A later pass whose snapshot shows that every transaction below X has ended orders the entries up
 * to L and reads them once; ids that are missing then were rolled back. The xmax of a snapshot would be wrong in place of
 * X: it is above the last transaction that ended, not above all that run.
 *
 * Why the entries of one subject are in the order of their commits: a transaction appends its entries at its end, under
 * the locks of their subjects, which it keeps until it has committed. So the ids of one subject rise in the order of the
 * commits.
 *
 * A long transaction that writes, anywhere on the server, delays the order; it costs nothing, and entries lose nothing.
 */
export async function sequenceAudit(
  tx: Tx,
  maxEntries: number = SEQUENCE_MAX_ENTRIES,
): Promise<number> {
  // Two statements, in this order: locking the row assigns the transaction id.
  const [last] = await tx.run(readLastAuditId, {});
  if (last?.isNew !== true) return 0;
  const [turn] = await tx.run(lockAuditSequencer, {});
  if (turn === undefined) return 0;
  const [pass] = await tx.run(orderAuditEntries, { lastId: last.lastId, maxEntries });
  return pass?.entries ?? 0;
}

const readLastAuditId = statement<object, { lastId: bigint; isNew: boolean }>(
  'read_last_audit_id',
  () => sql`
    select last_id as "lastId", last_id > settled_through_id as "isNew"
    from audit_sequencer, (
      select case when is_called then last_value else last_value - 1 end as last_id
      from audit_entry_audit_id_seq
    ) as assigned`,
);

const lockAuditSequencer = statement<object, { nextPosition: bigint }>(
  'lock_audit_sequencer',
  () => sql`
    select next_position as "nextPosition" from audit_sequencer for update skip locked`,
);

/** A noted transaction id above our own is that of another server: the database was copied by dump and restore. */
const orderAuditEntries = statement<{ lastId: bigint; maxEntries: number }, { entries: number }>(
  'order_audit_entries',
  (p) => sql`
    with state as materialized (
      select next_position, settled_through_id, pending_through_id,
        pg_current_xact_id() as own_xid,
        coalesce(pending_before_xid <= pg_current_xact_id(), false) as is_pending,
        coalesce(pg_snapshot_xmin(pg_current_snapshot()) >= pending_before_xid, false) as is_final
      from audit_sequencer
    ), found as materialized (
      select entry.audit_id
      from state cross join lateral (
        select audit_id from audit_entry
        where audit_id > state.settled_through_id and audit_id <= state.pending_through_id
        order by audit_id limit ${p.maxEntries}::integer
      ) as entry
      where state.is_final
    ), latest as materialized (
      select position, last_audit_id from audit_order order by position desc limit 1
    ), placed as (
      select first_id, last_id,
        next_position + (sum(entries) over (order by first_id) - entries)::bigint as position
      from (
        select min(audit_id) as first_id, max(audit_id) as last_id, count(*) as entries
        from (
          select audit_id, audit_id - row_number() over (order by audit_id) as island from found
        ) as numbered
        group by island
      ) as ranges, state
    ), extended as (
      update audit_order set last_audit_id = placed.last_id
      from placed, latest, state
      where audit_order.position = latest.position and placed.position = state.next_position
        and placed.first_id = latest.last_audit_id + 1
      returning placed.first_id
    ), appended as (
      insert into audit_order (position, first_audit_id, last_audit_id)
      select position, first_id, last_id from placed
      where first_id not in (select first_id from extended) order by position
    ), pass as materialized (
      select count(*) as entries, max(audit_id) as last_id from found
    ), settled as materialized (
      select case
        when not is_final then settled_through_id
        when entries < ${p.maxEntries}::integer then pending_through_id
        else last_id
      end as through_id
      from state, pass
    ), next as (
      select next_position + entries as next_position, through_id,
        is_pending and through_id < pending_through_id as is_pending
      from state, pass, settled
    ), saved as (
      update audit_sequencer as known set
        next_position = next.next_position,
        settled_through_id = next.through_id,
        pending_through_id = case
          when next.is_pending then known.pending_through_id
          when ${p.lastId}::bigint > next.through_id then ${p.lastId}::bigint
        end,
        pending_before_xid = case
          when next.is_pending then known.pending_before_xid
          when ${p.lastId}::bigint > next.through_id then state.own_xid
        end
      from next, state
      where next.through_id > known.settled_through_id or not next.is_pending
    )
    select entries::integer as entries from pass`,
);
