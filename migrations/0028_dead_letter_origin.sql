-- Where a delivery came from. Only a record of Kafka has coordinates.
-- Expands: an older version writes records of Kafka only.

alter table dead_letter
  add column origin text not null default 'kafka',
  alter column topic drop not null,
  alter column partition drop not null,
  alter column epoch drop not null,
  alter column "offset" drop not null,
  -- Not validated, so that no row is read under the lock: no existing row can break them.
  add constraint dead_letter_origin_check check (origin in ('kafka', 'operator')) not valid,
  add constraint dead_letter_coordinates_check check (origin <> 'kafka'
    or (topic is not null and partition is not null and epoch is not null and "offset" is not null)) not valid;
