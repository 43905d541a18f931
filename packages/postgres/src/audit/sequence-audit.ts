import { sql } from 'kysely';
import type { Tx } from '../in-transaction.ts';
import { statement } from '../statement.ts';

/** Entries that one pass gives their positions, at most. */
export const SEQUENCE_MAX_ENTRIES = 10_000;

/**
 * One pass of the sequencer: gives committed audit entries their positions in the order of the trail, at most
 * `maxEntries` of them. Returns how many; 0 also while another process sequences. A returned `maxEntries` means that
 * more may wait.
 *
 * `audit_order` maps audit ids to positions: positions are contiguous from 1, every committed entry receives exactly
 * one, and it never changes. An entry that commits late with a small id receives a later position.
 *
 * Why the entries of one subject are in the order of their commits: a transaction appends its entries at its end, under
 * the locks of their subjects, which it keeps until it has committed. So the ids of one subject rise in the order of the
 * commits, and a snapshot that contains an entry contains every earlier entry of the subject. A pass reads all ids of one
 * snapshot in ascending order.
 *
 * How far the trail is settled: a transaction has its transaction id before its first audit id (`insert_audit`). The
 * last assigned audit id L is read before this transaction has its own transaction id X; therefore each transaction with
 * an audit id up to L is below X. Once a snapshot shows that every transaction below X has ended, the entries up to L
 * are final, and later passes read above L only. The xmax of a snapshot would be wrong in place of X: it is above the
 * last transaction that ended, not above all that run. A long transaction, anywhere on the server, only delays this:
 * passes then read the gaps between the ranges above the settled id again.
 */
export async function sequenceAudit(
  tx: Tx,
  maxEntries: number = SEQUENCE_MAX_ENTRIES,
): Promise<number> {
  // Two statements, in this order: locking the row assigns the transaction id.
  const [last] = await tx.run(readLastAuditId, {});
  const [turn] = await tx.run(lockAuditSequencer, {});
  if (last === undefined || turn === undefined) return 0;
  const [pass] = await tx.run(orderAuditEntries, { lastId: last.lastId, maxEntries });
  return pass?.entries ?? 0;
}

const readLastAuditId = statement<object, { lastId: bigint }>(
  'read_last_audit_id',
  () => sql`
    select case when is_called then last_value else last_value - 1 end as "lastId"
    from audit_entry_audit_id_seq`,
);

const lockAuditSequencer = statement<object, { nextPosition: bigint }>(
  'lock_audit_sequencer',
  () => sql`
    select next_position as "nextPosition" from audit_sequencer for update skip locked`,
);

/** A pending transaction id above our own is that of another server: the database was copied by dump and restore. */
const orderAuditEntries = statement<{ lastId: bigint; maxEntries: number }, { entries: number }>(
  'order_audit_entries',
  (p) => sql`
    with state as materialized (
      select next_position, settled_through_id, pending_through_id, pending_before_xid,
        pg_current_xact_id() as own_xid,
        pg_snapshot_xmin(pg_current_snapshot()) >= pending_before_xid as is_settled
      from audit_sequencer
    ), latest as materialized (
      select position, last_audit_id from audit_order order by position desc limit 1
    ), covered as (
      select settled_through_id as first_id, greatest(settled_through_id, (
          select last_audit_id from audit_order where first_audit_id <= settled_through_id
          order by first_audit_id desc limit 1)) as last_id
      from state
      union all
      select first_audit_id, last_audit_id from audit_order
      where first_audit_id > (select settled_through_id from state)
    ), gap as (
      select first_id, last_id + 1 as start_id,
        coalesce(lead(first_id) over (order by first_id) - 1, 9223372036854775807) as end_id
      from covered
    ), found as materialized (
      select entry.audit_id
      from gap cross join lateral (
        select audit_id from audit_entry where audit_id between gap.start_id and gap.end_id
        order by audit_id limit ${p.maxEntries}::integer
      ) as entry
      where gap.start_id <= gap.end_id
      order by gap.first_id, entry.audit_id limit ${p.maxEntries}::integer
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
    ), settled as (
      select case
        when not coalesce(is_settled, false) then settled_through_id
        when entries < ${p.maxEntries}::integer then pending_through_id
        else greatest(settled_through_id, least(pending_through_id, last_id))
      end as through_id
      from state, pass
    ), next as (
      select next_position + entries as next_position, through_id,
        through_id < pending_through_id and pending_before_xid <= own_xid as is_pending
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
      where next.next_position > known.next_position or next.is_pending is not true
        and (known.pending_through_id is not null or ${p.lastId}::bigint > next.through_id)
    )
    select entries::integer as entries from pass`,
);
