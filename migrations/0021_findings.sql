-- What `progress accept` clears, and what it says of the deliveries that follow. Expands: an older version leaves both alone.

alter table intake_progress
  -- events that could not be applied, one after the other, without a batch in between that was; at the limit the partition stops
  add column isolations integer not null default 0 check (isolations >= 0),
  -- deliveries below this offset become dead letters, whatever they are: an operator has given them up
  add column give_up_before bigint not null default 0 check (give_up_before >= 0);
