-- The callback id becomes the primary key; only the row that claimed an event has its id. Nothing is read under the lock.

alter table verification_callback
  drop constraint verification_callback_pkey,
  alter column event_id drop not null,
  alter column callback_id set not null,
  add constraint verification_callback_pkey primary key using index verification_callback_by_id;
alter table verification_callback drop constraint verification_callback_id_check;
drop procedure fill_callback_ids();
