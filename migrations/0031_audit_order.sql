-- The order of the audit trail, given by one sequencer after the commits: audit ids are assigned before, and a transaction
-- with a small id may commit after one with a larger id. See packages/postgres/src/audit/sequence-audit.ts.

-- The entries first_audit_id to last_audit_id, all of them committed, have the positions from `position` on, without gaps.
-- Append only, except that the last row may be extended.
create table audit_order (
  position bigint primary key check (position > 0),
  first_audit_id bigint not null unique,
  last_audit_id bigint not null,
  check (last_audit_id >= first_audit_id)
) with (fillfactor = 90);

-- One row, locked by the process that sequences.
create table audit_sequencer (
  only_row boolean primary key default true check (only_row),
  next_position bigint not null default 1 check (next_position > 0),
  -- Every audit id up to this one has its position, or its transaction was rolled back.
  settled_through_id bigint not null default 0,
  -- Every audit id up to this one is settled once all transactions below pending_before_xid have ended.
  pending_through_id bigint,
  pending_before_xid xid8,
  check ((pending_through_id is null) = (pending_before_xid is null)),
  check (pending_through_id > settled_through_id)
) with (fillfactor = 50);
insert into audit_sequencer default values;

alter table audit_order owner to latchkey_migrator;
alter table audit_sequencer owner to latchkey_migrator;

grant select on audit_order, audit_sequencer to latchkey_reconciler, latchkey_operator, latchkey_reader;
grant insert, update (last_audit_id) on audit_order to latchkey_reconciler;
grant update on audit_sequencer to latchkey_reconciler;
-- The ids of entries and the last id that was assigned, not what the entries say.
grant select (audit_id) on audit_entry to latchkey_reconciler;
grant select on sequence audit_entry_audit_id_seq to latchkey_reconciler;
