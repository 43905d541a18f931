-- The audit trail by months, so that old ones can be put away whole. What there is stays where it is, as
-- the first partition; months are made ahead by whoever migrates, and no service can.

alter table audit_entry rename to audit_entry_earlier;
alter index audit_entry_subject rename to audit_entry_earlier_subject;
alter table audit_entry_earlier
  alter column audit_id drop identity,
  drop constraint audit_entry_pkey,
  add constraint audit_entry_earlier_pkey primary key (audit_id, decided_at);
revoke all on audit_entry_earlier
  from latchkey_reconciler, latchkey_relay, latchkey_operator, latchkey_reader;

-- Append only: no role may update or delete.
create table audit_entry (
  -- from one sequence, so that it is unique although no index says so over all months
  audit_id bigint generated always as identity,
  decided_at timestamptz not null,
  subject_kind text not null constraint audit_entry_subject_kind_check check (subject_kind in
    ('identity', 'verification', 'dead_letter', 'intake_progress')),
  subject_id text not null,
  trigger text not null
    constraint audit_entry_trigger_check check (trigger in ('event', 'clock', 'operator')),
  event_id text collate "C",
  -- who decided: policy:<hash>, or operator:<name>
  decider text not null,
  owner text not null,
  -- JSON array
  decisions text not null,
  primary key (audit_id, decided_at)
) partition by range (decided_at);
create index audit_entry_subject on audit_entry (subject_id, audit_id);

-- Catches what has no month.
create table audit_entry_default partition of audit_entry default;

do $$
declare
  last_at timestamptz;
  last_id bigint;
  bound timestamp;
begin
  select max(decided_at), max(audit_id) into last_at, last_id from audit_entry_earlier;
  bound := date_trunc('month', greatest(last_at, transaction_timestamp()) at time zone 'UTC')
    + interval '1 month';
  execute format('alter table audit_entry attach partition audit_entry_earlier
    for values from (minvalue) to (%L)', bound at time zone 'UTC');
  execute format('alter table audit_entry alter column audit_id restart with %s',
    coalesce(last_id, 0) + 1);
end
$$;

-- From when on audit entries have no month of their own.
create function audit_partitions_end() returns timestamptz language sql stable as $$
  select max(substring(pg_get_expr(part.relpartbound, part.oid) from 'TO \(''([^'']+)''\)')::timestamptz)
  from pg_inherits join pg_class as part on part.oid = inhrelid
  where inhparent = 'audit_entry'::regclass
$$;

-- Makes the months that are missing, through the one that lies so many ahead; returns their names. Entries
-- that the default partition caught meanwhile go to their month. Appending waits only if it goes to the default.
create function make_audit_partitions(months_ahead integer) returns setof text
language plpgsql set timezone = 'UTC' as $$
declare
  starts timestamptz;
  ends timestamptz;
  name text;
begin
  if months_ahead not between 1 and 120 then
    raise exception 'months_ahead: expected 1 to 120';
  end if;
  lock table audit_entry in share update exclusive mode; -- one at a time
  starts := coalesce(audit_partitions_end(), date_trunc('month', transaction_timestamp()));
  while starts <= date_trunc('month', transaction_timestamp()) + make_interval(months => months_ahead) loop
    lock table audit_entry_default in access exclusive mode;
    ends := starts + interval '1 month';
    name := 'audit_entry_' || to_char(starts, 'YYYY_MM');
    execute format('create table %I (like audit_entry including defaults including constraints)', name);
    execute format('alter table %I owner to latchkey_migrator', name);
    execute format('with caught as (delete from audit_entry_default
      where decided_at >= %L and decided_at < %L returning *) insert into %I select * from caught',
      starts, ends, name);
    execute format('alter table audit_entry attach partition %I for values from (%L) to (%L)',
      name, starts, ends);
    return next name;
    starts := ends;
  end loop;
end
$$;
revoke all on function make_audit_partitions from public;

grant select on audit_entry to latchkey_reader, latchkey_operator;
grant insert on audit_entry to latchkey_reconciler, latchkey_operator;

alter table audit_entry owner to latchkey_migrator;
alter table audit_entry_default owner to latchkey_migrator;
alter function audit_partitions_end() owner to latchkey_migrator;
alter function make_audit_partitions(integer) owner to latchkey_migrator;

select make_audit_partitions(12);
