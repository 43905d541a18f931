-- As which login of the database a decision was written. `decider` is what a command says of itself; this no service can
-- say: it may insert every column but this one. Null where a version before this one wrote the entry.
alter table audit_entry add column login text;
alter table audit_entry alter column login set default session_user;

revoke insert on audit_entry from latchkey_reconciler, latchkey_operator;
grant insert (decided_at, subject_kind, subject_id, trigger, event_id, decider, owner, decisions)
  on audit_entry to latchkey_reconciler, latchkey_operator;
