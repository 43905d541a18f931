-- What a transaction reads of a person is bounded, whatever was ever stated: the fold of an engagement's facts up to one
-- place in the source's order, and the state of each security switch. See ADR 0045.
-- Expands: an older version reads all facts, and writes none of these columns; the trigger keeps them true.

alter table identity
  -- bytes of facts and checkpoints that a transaction reads of it
  add column fact_bytes bigint not null default 0,
  -- rises by one with each transaction of this version that adds facts
  add column record_version bigint not null default 0,
  -- of the policy that decided it last
  add column derived_policy_hash text,
  add constraint identity_fact_bytes_check check (fact_bytes >= 0) not valid;

create table engagement_checkpoint (
  identity_id uuid not null,
  source text collate "C" not null,
  engagement text collate "C" not null,
  -- facts up to and with this order are in the head; null: there is no head, and all facts are read
  through_order bigint,
  -- JSON, see docs/architecture.md
  head text check (octet_length(head) <= 8192),
  -- facts whose attributes the head refers to, since they are too large for it
  referred text[] collate "C" not null default '{}',
  -- facts below this order were pruned; null: none was
  pruned_below bigint,
  -- JSON: starts, ends and suspensions of the pruned facts
  base text check (octet_length(base) <= 8192),
  primary key (identity_id, source, engagement),
  check ((through_order is null) = (head is null)),
  check ((pruned_below is null) = (base is null))
) with (fillfactor = 60);

-- Keys of dated rows that a head does not contain: a fact that names one is decided by all facts.
create table checkpoint_row_key (
  identity_id uuid not null,
  source text collate "C" not null,
  engagement text collate "C" not null,
  row_key text collate "C" not null,
  primary key (identity_id, source, engagement, row_key)
);

-- Security blocks: one switch for each source and incident.
create table block_switch (
  identity_id uuid not null,
  source text collate "C" not null,
  -- empty: a block without incident
  incident text collate "C" not null,
  -- the highest order of its blocks and of its releases
  blocked_order bigint,
  released_order bigint,
  primary key (identity_id, source, incident)
) with (fillfactor = 80);
-- A release ends only an older block.
create index block_switch_on on block_switch (identity_id)
  where blocked_order is not null and (released_order is null or blocked_order >= released_order);

create function turn_block_switches() returns trigger language plpgsql as $$
begin
  if exists (select from inserted where kind in ('blocked', 'released')) then
    insert into block_switch (identity_id, source, incident, blocked_order, released_order)
    select identity_id, source, coalesce(data::json ->> 'incident', '') as incident,
      max(source_order) filter (where kind = 'blocked'),
      max(source_order) filter (where kind = 'released')
    from inserted
    where kind in ('blocked', 'released') and voided_at is null
    group by 1, 2, 3
    order by 1, 2, 3
    on conflict (identity_id, source, incident) do update set
      blocked_order = greatest(block_switch.blocked_order, excluded.blocked_order),
      released_order = greatest(block_switch.released_order, excluded.released_order);
  end if;
  return null;
end
$$;

-- A head never covers a fact that it was not read from.
create function drop_overtaken_heads() returns trigger language plpgsql as $$
begin
  update engagement_checkpoint as known
  set through_order = null, head = null, referred = '{}'
  from inserted
  where known.identity_id = inserted.identity_id and known.source = inserted.source
    and known.engagement = inserted.engagement and known.through_order >= inserted.source_order
    -- what is older than a pruned fact changes nothing
    and inserted.source_order >= coalesce(known.pruned_below, inserted.source_order);
  return null;
end
$$;

-- A fact that is voided counts no more: neither in a head nor in a switch.
create function leave_out_voided() returns trigger language plpgsql as $$
begin
  update engagement_checkpoint as known
  set through_order = null, head = null, referred = '{}'
  where known.identity_id = new.identity_id and known.source = new.source
    and known.engagement = new.engagement;
  if new.kind in ('blocked', 'released') then
    update block_switch as turned
    set blocked_order = stated.blocked_order, released_order = stated.released_order
    from (
      select max(source_order) filter (where kind = 'blocked') as blocked_order,
        max(source_order) filter (where kind = 'released') as released_order
      from fact
      where identity_id = new.identity_id and source = new.source and engagement is null
        and kind in ('blocked', 'released') and voided_at is null
        and coalesce(data::json ->> 'incident', '') = coalesce(new.data::json ->> 'incident', '')
    ) as stated
    where turned.identity_id = new.identity_id and turned.source = new.source
      and turned.incident = coalesce(new.data::json ->> 'incident', '');
  end if;
  return null;
end
$$;
create trigger fact_voided after update of voided_at on fact
  for each row when (new.voided_at is distinct from old.voided_at) execute function leave_out_voided();

create trigger fact_turns_switch after insert on fact
  referencing new table as inserted for each statement execute function turn_block_switches();
create trigger fact_drops_head after insert on fact
  referencing new table as inserted for each statement execute function drop_overtaken_heads();

-- Fills what 0034 needs of facts that exist, 1,000 identities a transaction. Dropped by 0035.
create procedure fill_fact_bytes() language plpgsql as $$
declare
  reached uuid := '00000000-0000-0000-0000-000000000000';
begin
  loop
    -- Locked in the order in which services lock them.
    with part as materialized (
      select identity_id from identity where identity_id > reached order by identity_id limit 1000
      for no key update
    ), filled as (
      update identity set fact_bytes = stated.bytes
      from (
        select fact.identity_id, sum(octet_length(fact.data)) as bytes
        from fact join part on part.identity_id = fact.identity_id
        group by fact.identity_id
      ) as stated
      where identity.identity_id = stated.identity_id
    ), switches as (
      insert into block_switch (identity_id, source, incident, blocked_order, released_order)
      select fact.identity_id, fact.source, coalesce(fact.data::json ->> 'incident', '') as incident,
        max(source_order) filter (where kind = 'blocked'),
        max(source_order) filter (where kind = 'released')
      from fact join part on part.identity_id = fact.identity_id
      where kind in ('blocked', 'released') and voided_at is null
      group by 1, 2, 3
      order by 1, 2, 3
      on conflict (identity_id, source, incident) do update set
        blocked_order = greatest(block_switch.blocked_order, excluded.blocked_order),
        released_order = greatest(block_switch.released_order, excluded.released_order)
    )
    select max(identity_id::text)::uuid into reached from part;
    exit when reached is null;
    commit;
  end loop;
end
$$;
revoke all on procedure fill_fact_bytes from public;

do $$
declare
  relation text;
begin
  foreach relation in array array['engagement_checkpoint', 'checkpoint_row_key', 'block_switch'] loop
    execute format('alter table %I owner to latchkey_migrator', relation);
    execute format('grant select on %I to latchkey_reader, latchkey_operator, latchkey_reconciler', relation);
    execute format('grant insert on %I to latchkey_operator, latchkey_reconciler', relation);
  end loop;
  alter function turn_block_switches() owner to latchkey_migrator;
  alter function drop_overtaken_heads() owner to latchkey_migrator;
  alter function leave_out_voided() owner to latchkey_migrator;
  alter procedure fill_fact_bytes() owner to latchkey_migrator;
end
$$;
grant update on engagement_checkpoint, block_switch to latchkey_reconciler, latchkey_operator;
grant delete on checkpoint_row_key to latchkey_reconciler, latchkey_operator;
