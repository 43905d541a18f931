-- One row for each callback, whether or not it claims an event: a callback by HTTP may repeat a step that was already
-- counted. The callback id of a report by Kafka is its event id.
-- Expands: an older version inserts no callback id; the trigger sets it. 0026 fills the rows that exist.

alter table verification_callback
  add column callback_id text collate "C",
  add column origin text not null default 'kafka',
  -- Not validated, so that no row is read under the lock: the next migration validates the first, and no existing row can
  -- break the other two.
  add constraint verification_callback_id_check check (callback_id is not null) not valid,
  add constraint verification_callback_origin_check check (origin in ('kafka', 'operator')) not valid,
  drop constraint verification_callback_disposition_check,
  add constraint verification_callback_disposition_check check (disposition in ('accepted', 'progress',
    'duplicate', 'duplicate_other_channel', 'contradictory', 'contradictory_input', 'late_telemetry',
    'late_input', 'out_of_order', 'stale_known', 'stale_unknown', 'unknown_attempt', 'call_mismatch',
    'bad_signature', 'malformed', 'no_database')) not valid;

create function set_callback_id() returns trigger language plpgsql as $$
begin
  new.callback_id := new.event_id;
  return new;
end
$$;
alter function set_callback_id() owner to latchkey_migrator;
create trigger verification_callback_id before insert on verification_callback
  for each row when (new.callback_id is null) execute function set_callback_id();

-- Sets the callback id of every row that has none, 5,000 rows a transaction. Dropped by 0027.
create procedure fill_callback_ids() language plpgsql as $$
declare
  reached text collate "C" := '';
begin
  loop
    with part as (
      select event_id from verification_callback where event_id > reached order by event_id limit 5000
    ), filled as (
      update verification_callback as report set callback_id = report.event_id
      from part where report.event_id = part.event_id and report.callback_id is null
    )
    select max(event_id) into reached from part;
    exit when reached is null;
    commit;
  end loop;
end
$$;
revoke all on procedure fill_callback_ids from public;
alter procedure fill_callback_ids() owner to latchkey_migrator;
