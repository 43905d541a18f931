-- Least privilege. Roles belong to the whole cluster; services connect as a member and `set role`.
do $$
declare
  wanted text;
begin
  foreach wanted in array array['latchkey_migrator', 'latchkey_reconciler', 'latchkey_relay', 'latchkey_operator', 'latchkey_reader'] loop
    begin
      if not exists (select from pg_roles where rolname = wanted) then
        execute format('create role %I nologin', wanted);
      end if;
    exception when duplicate_object or unique_violation then
      null; -- another database of this cluster is being migrated at this moment
    end;
  end loop;
end
$$;

-- May change the schema: whoever runs later migrations is a member of it.
grant usage, create on schema public to latchkey_migrator;
grant usage on schema public to latchkey_reconciler, latchkey_relay, latchkey_operator, latchkey_reader;

-- Everything, but the partitions of the inbox by their own names.
grant select on account, assignment, audit_entry, conflict, correlation_key, dead_letter, engagement,
  fact, identity, inbox, intake_progress, kysely_migration, outbox, outbox_lane, relay_position,
  relay_topic, review, verification, verification_attempt, verification_callback, verification_failure
  to latchkey_reader, latchkey_operator;

-- Takes batches and decides what is due.
grant select on account, assignment, conflict, correlation_key, dead_letter, engagement, fact,
  identity, inbox, intake_progress, kysely_migration, outbox, outbox_lane, relay_position, review,
  verification, verification_attempt, verification_failure
  to latchkey_reconciler;
grant insert on conflict, dead_letter, intake_progress, outbox_lane to latchkey_reconciler;
grant update on conflict to latchkey_reconciler;

-- Puts dead letters back and accepts positions.
grant update on dead_letter to latchkey_operator;

-- Both apply events.
grant insert on account, assignment, audit_entry, correlation_key, engagement, fact, identity, inbox,
  outbox, review, verification, verification_attempt, verification_callback, verification_failure
  to latchkey_reconciler, latchkey_operator;
grant update on account, assignment, engagement, identity, inbox, intake_progress, verification,
  verification_attempt, verification_failure
  to latchkey_reconciler, latchkey_operator;
grant delete on assignment to latchkey_reconciler, latchkey_operator;

grant select on kysely_migration, outbox, outbox_lane, relay_position, relay_topic to latchkey_relay;
grant insert on outbox_lane, relay_position, relay_topic to latchkey_relay;
grant update on relay_position, relay_topic to latchkey_relay;
grant delete on outbox to latchkey_relay;

-- Owned by a role and not by the login that happened to run this.
do $$
declare
  relation text;
begin
  for relation in
    select format('%I', relname) from pg_class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
  loop
    execute format('alter table %s owner to latchkey_migrator', relation);
  end loop;
  alter function refuse_lower_generation() owner to latchkey_migrator;
  alter function refuse_terminal_change() owner to latchkey_migrator;
end
$$;
