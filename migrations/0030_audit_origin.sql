-- Where the delivery came from that caused a decision. Null where no delivery did (the clock, a command), and in entries of
-- an older version.

alter table audit_entry
  add column origin text,
  -- Not validated, so that no row is read under the lock: no existing row can break it.
  add constraint audit_entry_origin_check check (origin in ('kafka', 'operator')) not valid;

grant insert (origin) on audit_entry to latchkey_reconciler, latchkey_operator;
