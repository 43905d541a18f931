-- outside a transaction: it reads and writes the whole table, and services continue meanwhile.
call fill_callback_ids();
alter table verification_callback validate constraint verification_callback_id_check;
-- A run that was interrupted has left an index that is not valid.
drop index concurrently if exists verification_callback_by_id;
create unique index concurrently verification_callback_by_id on verification_callback (callback_id);
drop index concurrently if exists verification_callback_event;
create unique index concurrently verification_callback_event on verification_callback (event_id)
  where event_id is not null;
