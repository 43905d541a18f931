-- What operators mend with `relay rebase`, `relay replay` and `relay repartition`.

-- One row: what everybody who publishes something must know. Read after the locks, by every transaction that decides.
create table output_state (
  singleton boolean primary key default true check (singleton),
  -- generations are counted above epoch × 2^40; raised when the database has forgotten what it published
  epoch integer not null default 0 check (epoch between 0 and 8191),
  -- since then every desired state is being stated again; null: all of them are
  restating_since timestamptz,
  -- raised when lanes are added: whoever knows fewer must not append
  layout integer not null default 0 check (layout >= 0)
);
insert into output_state default values;
alter table output_state owner to latchkey_migrator;

-- How many positions at most are not in the partition's log: it was made again, and publishing went on behind them.
alter table relay_position add column missing_positions bigint not null default 0
  check (missing_positions >= 0);

alter table audit_entry drop constraint audit_entry_subject_kind_check;
alter table audit_entry add constraint audit_entry_subject_kind_check check (subject_kind in
  ('identity', 'verification', 'dead_letter', 'intake_progress', 'output_topic', 'output_state'));

-- A terminal verification never changes, but it may be stated again with a higher generation.
create function refuse_terminal_change_but_generation() returns trigger language plpgsql as $$
declare
  same verification := new;
begin
  same.generation := old.generation;
  if same is distinct from old or new.generation < old.generation then
    raise exception '% in state % is final', tg_table_name, old.state using errcode = 'LK002';
  end if;
  return new;
end
$$;
alter function refuse_terminal_change_but_generation() owner to latchkey_migrator;
drop trigger verification_terminal on verification;
create trigger verification_terminal before delete on verification
  for each row when (old.state <> 'pending') execute function refuse_terminal_change();
create trigger verification_terminal_update before update on verification
  for each row when (old.state <> 'pending')
  execute function refuse_terminal_change_but_generation();

grant select on output_state to latchkey_reconciler, latchkey_relay, latchkey_operator, latchkey_reader;
grant update on output_state, relay_position, relay_topic to latchkey_operator;
grant insert on outbox_lane, relay_position, relay_topic to latchkey_operator;
grant delete on outbox to latchkey_operator;
