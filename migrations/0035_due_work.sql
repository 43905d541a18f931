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
  -- "policy build" of the last eight under which it failed: any other tries it at once
  failed_under text[] collate "C" not null default '{}',
  -- why the last try failed, without values; null: it has not failed yet
  cause text,
  tried_at timestamptz not null default clock_timestamp(),
  primary key (kind, item_id),
  constraint due_work_kind_check check (kind in ('clock', 'sweep')),
  -- nothing is parked for ever
  constraint due_work_returns_check check (lease_until is not null or retry_at is not null)
) with (fillfactor = 70);
create index due_work_retry on due_work (kind, (greatest(lease_until, retry_at)), item_id);

create index due_work_due on due_work (kind, due_at, item_id);
-- Another policy or build may decide what this one could not.
create index due_work_other on due_work (kind, tried_policy, tried_build, item_id);

-- Different items of a kind that failed one after the other under a policy and a build; no row: none did.
create table due_work_pace (
  kind text not null,
  policy text not null,
  build text not null,
  -- at most three
  failed text[] collate "C" not null,
  -- while three have failed: the next try of any item
  next_try_at timestamptz,
  changed_at timestamptz not null default clock_timestamp(),
  primary key (kind, policy, build)
) with (fillfactor = 50);

-- What decides a parked identity ends its due work, also where an older version decides it.
create function end_due_work() returns trigger language plpgsql as $$
begin
  delete from due_work where kind = 'clock' and item_id = new.identity_id::text;
  return null;
end
$$;
create trigger identity_ends_due_work after update of parked_at on identity
  for each row when (old.parked_at is not null and new.parked_at is null)
  execute function end_due_work();

do $$
declare
  relation text;
begin
  foreach relation in array array['due_work', 'due_work_pace'] loop
    execute format('alter table %I owner to latchkey_migrator', relation);
    execute format('grant select on %I to latchkey_reader, latchkey_operator, latchkey_reconciler', relation);
    execute format('grant insert, update, delete on %I to latchkey_reconciler', relation);
  end loop;
  alter function end_due_work() owner to latchkey_migrator;
end
$$;
-- Events that operators redrive hand work over and end it; a retry begins at full speed.
grant insert, update, delete on due_work to latchkey_operator;
grant delete on due_work_pace to latchkey_operator;
