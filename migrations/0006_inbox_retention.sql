-- The inbox forgets: how far back it remembers, and what remembers for longer.

-- Claims are forgotten oldest first. Rows come in nearly in this order, so an insert goes to the last page.
create index inbox_received on inbox (received_at);

-- One row. What the broker stamped before `retained_since` may have been claimed and forgotten since.
create table inbox_retention (
  only_row boolean primary key default true check (only_row),
  -- null as long as nothing was forgotten; moved by the statement that forgets, and never back
  retained_since timestamptz
);
insert into inbox_retention default values;

-- A report keeps its event's fingerprint, as a fact does: the claim looks there after the inbox forgot it.
-- Null only where a version before this one wrote the report.
alter table verification_callback
  add column fingerprint bytea check (octet_length(fingerprint) = 32);
update verification_callback as report set fingerprint = inbox.fingerprint
  from inbox where inbox.event_id = report.event_id;

grant select on inbox_retention
  to latchkey_reconciler, latchkey_operator, latchkey_reader;
grant update on inbox_retention to latchkey_reconciler;
grant delete on inbox to latchkey_reconciler;
-- To recognise an event by, and nothing that was said.
grant select (event_id, fingerprint) on verification_callback to latchkey_reconciler;

alter table inbox_retention owner to latchkey_migrator;
