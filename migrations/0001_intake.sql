-- What came in: claimed event ids, the position in every input partition, and what was given up or contradicted.

-- The claim. `event_id` is the qualified event id `<source>#<id>`, compared by bytes.
create table inbox (
  event_id text collate "C" not null
    check (octet_length(event_id) <= 4096 and event_id !~ '[\x01-\x1f\x7f]'),
  fingerprint bytea not null check (octet_length(fingerprint) = 32),
  disposition text not null default 'applied'
    check (disposition in ('applied', 'stale', 'dead_letter')),
  -- JSON; null where the disposition says everything
  outcome text,
  received_at timestamptz not null default transaction_timestamp(),
  primary key (event_id)
) partition by hash (event_id);

do $$
begin
  for i in 0..15 loop
    execute format(
      'create table inbox_%s partition of inbox for values with (modulus 16, remainder %s)', i, i);
  end loop;
end
$$;

-- The truth of the position. Locked first by every batch; the counts make conservation a query.
create table intake_progress (
  topic text collate "C" not null,
  partition integer not null check (partition >= 0),
  -- raised when an operator accepts that the log is another one; part of a delivery's coordinates
  epoch integer not null default 0,
  first_offset bigint not null check (first_offset >= 0),
  next_offset bigint not null check (next_offset >= first_offset),
  -- the last record taken: reading starts at it after an assignment, and must find it
  last_offset bigint,
  last_digest bytea check (octet_length(last_digest) = 32),
  -- every record that the broker stamped before this was taken
  read_through_at timestamptz,
  received bigint not null default 0,
  applied bigint not null default 0,
  duplicate bigint not null default 0,
  stale bigint not null default 0,
  conflict bigint not null default 0,
  dead_letter bigint not null default 0,
  -- set when the partition must not go on by itself; cleared by `progress accept`
  stopped_code text,
  stopped_detail text,
  stopped_at timestamptz,
  updated_at timestamptz not null default transaction_timestamp(),
  primary key (topic, partition),
  constraint intake_progress_conserves
    check (received = applied + duplicate + stale + conflict + dead_letter),
  check ((last_offset is null) = (last_digest is null)),
  check ((stopped_code is null) = (stopped_at is null)),
  check (last_offset < next_offset)
) with (fillfactor = 50);

create table dead_letter (
  -- derived from the coordinates
  id uuid primary key,
  code text not null,
  -- path of what was wrong, for example data.startsAt
  field text,
  -- what was expected; never the value that came
  cause text not null,
  topic text collate "C" not null,
  partition integer not null,
  epoch integer not null default 0,
  "offset" bigint not null,
  event_id text collate "C",
  source text,
  type text,
  key bytea,
  raw bytea,
  -- JSON array of [name, base64 value]
  headers text not null,
  -- when the broker stamped it
  taken_at timestamptz not null,
  attempts integer not null default 1 check (attempts > 0),
  -- a redriven one is final, see 0003
  state text not null default 'open' check (state in ('open', 'redriven')),
  received_at timestamptz not null default transaction_timestamp(),
  redriven_at timestamptz,
  redriven_by text,
  check ((state = 'redriven') = (redriven_at is not null and redriven_by is not null)),
  unique (topic, partition, epoch, "offset")
);
create index dead_letter_open on dead_letter (received_at, id) where state = 'open';
create index dead_letter_event on dead_letter (event_id) where event_id is not null;

-- Same id, other content: one row for each different content.
create table conflict (
  event_id text collate "C" not null,
  fingerprint bytea not null check (octet_length(fingerprint) = 32),
  body bytea,
  topic text collate "C" not null,
  partition integer not null,
  "offset" bigint not null,
  count bigint not null default 1 check (count > 0),
  first_seen_at timestamptz not null default transaction_timestamp(),
  last_seen_at timestamptz not null default transaction_timestamp(),
  primary key (event_id, fingerprint)
);
