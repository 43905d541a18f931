-- Reconcilers delete facts that an old full statement has replaced. See docs/architecture.md.
grant delete on fact to latchkey_reconciler;

-- An older version would read a record without its pruned facts wrongly: nothing is pruned while one is at work. It
-- notes its policy every 5 s, and does not know of these columns.
alter table policy_at_work
  -- when a reconciler noted the policy that reads pruned records
  add column seen_by_pruning_at timestamptz,
  -- when one noted it that does not
  add column seen_by_older_at timestamptz;
update policy_at_work set seen_by_older_at = clock_timestamp();

create function note_older_version() returns trigger language plpgsql as $$
begin
  if new.seen_by_pruning_at is null
    or tg_op = 'UPDATE' and new.seen_by_pruning_at is not distinct from old.seen_by_pruning_at
  then
    new.seen_by_older_at := clock_timestamp();
  end if;
  return new;
end
$$;
alter function note_older_version() owner to latchkey_migrator;
create trigger policy_noted before insert or update on policy_at_work
  for each row execute function note_older_version();
