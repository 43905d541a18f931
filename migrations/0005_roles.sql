-- Least privilege. Roles belong to the whole cluster; services connect as a member and `set role`.
do $$
declare
  wanted text;
begin
  foreach wanted in array array['latchkey_reconciler', 'latchkey_relay', 'latchkey_operator', 'latchkey_reader'] loop
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

grant usage on schema public to latchkey_reconciler, latchkey_relay, latchkey_operator, latchkey_reader;

grant select on all tables in schema public to latchkey_reader, latchkey_operator, latchkey_reconciler;

grant insert on inbox, intake_progress, dead_letter, conflict, correlation_key, identity, fact,
  engagement, account, assignment, review, audit_entry, verification, verification_attempt,
  verification_callback, verification_failure, outbox_lane, outbox
  to latchkey_reconciler, latchkey_operator;
grant update on inbox, intake_progress, dead_letter, conflict, identity, engagement, account,
  assignment, verification, verification_attempt, verification_failure
  to latchkey_reconciler, latchkey_operator;
grant delete on assignment to latchkey_reconciler, latchkey_operator;

grant select on kysely_migration, outbox, outbox_lane, relay_position, relay_topic to latchkey_relay;
grant insert on outbox_lane, relay_position, relay_topic to latchkey_relay;
grant update on relay_position, relay_topic to latchkey_relay;
grant delete on outbox to latchkey_relay;
