drop procedure fill_fact_bytes();

-- What is due, or was, and has been tried: a row is made when a process begins to try an item, and deleted in the
-- transaction that decides it. An item that fails comes again. See ADR 0046.
create table due_work (
  -- clock: identity ids; sweep: verification ids
  kind text not null,
  item_id text collate "C" not null,
  due_at timestamptz not null,
  -- a process tries it until then; null: no process does
  lease_until timestamptz,
  -- the number of tries that have begun
  attempt integer not null default 1 check (attempt > 0),
  -- tried again from then on; null: it has not failed yet
  retry_at timestamptz,
  -- policy hash and build of the process that tried last
  tried_policy text not null,
  tried_build text not null,
  -- why the last try failed, without values; null: it has not failed yet
  cause text,
  tried_at timestamptz not null default clock_timestamp(),
  primary key (kind, item_id),
  constraint due_work_kind_check check (kind in ('clock', 'sweep')),
  -- nothing is parked for ever
  constraint due_work_returns_check check (lease_until is not null or retry_at is not null)
) with (fillfactor = 70);
create index due_work_retry on due_work (kind, (coalesce(lease_until, retry_at)), item_id);

-- How many different items of a kind have failed in a row, under which policy and build.
create table due_work_pace (
  kind text primary key,
  failed_in_a_row integer not null default 0,
  last_failed text collate "C",
  failed_policy text,
  failed_build text,
  -- while too many have failed: the next try of any item
  next_try_at timestamptz
) with (fillfactor = 50);

alter table verification
  -- set while due_work brings it back; see identity.parked_at
  add column parked_at timestamptz;

do $$
declare
  relation text;
begin
  foreach relation in array array['due_work', 'due_work_pace'] loop
    execute format('alter table %I owner to latchkey_migrator', relation);
    execute format('grant select on %I to latchkey_reader, latchkey_operator, latchkey_reconciler', relation);
    execute format('grant insert, update, delete on %I to latchkey_operator, latchkey_reconciler', relation);
  end loop;
end
$$;
