/**
 * Creates what every migration relies on: the roles, the membership of this login in `latchkey_migrator`, and the list of
 * migrations. Needs CREATEROLE where roles are missing, and changes nothing where nothing is. The role that a login
 * without superuser rights makes is one that it may grant, and not yet one that it is a member of.
 */
export const PREPARE_MIGRATIONS = `
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
  if not (pg_has_role(current_user, 'latchkey_migrator', 'usage')
      and pg_has_role(current_user, 'latchkey_migrator', 'set')) then
    begin
      execute format('grant latchkey_migrator to %I with inherit true, set true', current_user);
    exception when unique_violation then
      null; -- so is this one
    end;
  end if;
end
$$;
create table if not exists kysely_migration (
  name varchar(255) primary key,
  timestamp varchar(255) not null
)`;
