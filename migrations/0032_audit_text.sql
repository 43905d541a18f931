-- Free text of audit entries, apart from the trail: an entry contains only its hash, so the text can be erased.
-- Append only: no service may update or delete.
create table audit_text (
  -- SHA-256 of subject_id, a zero byte, and text
  hash bytea primary key check (octet_length(hash) = 32),
  subject_id text not null,
  text text not null
);
create index audit_text_subject on audit_text (subject_id);
alter table audit_text owner to latchkey_migrator;

grant select on audit_text to latchkey_operator, latchkey_reader;
grant insert on audit_text to latchkey_reconciler, latchkey_operator;
