-- What operators and gauges look at must not cost more the more there was: an index for each list and each count.

create index dead_letter_received on dead_letter (received_at, id);
create index dead_letter_open_code on dead_letter (code, received_at, id) where state = 'open';
create index conflict_seen on conflict (last_seen_at desc, event_id, fingerprint);
create index review_open on review (kind) where state = 'open';
