-- What goes out: a gapless log per partition of each output topic, and how far it was published.

create table outbox_lane (
  lane integer generated always as identity primary key,
  topic text collate "C" not null,
  partition integer not null check (partition >= 0),
  unique (topic, partition)
);

-- Insert and delete only. Positions of a lane are contiguous from 1 and in the order of commits.
create table outbox (
  lane integer not null references outbox_lane,
  position bigint not null check (position > 0),
  ce_id uuid not null,
  key text collate "C" not null,
  -- JSON object of header name to text, without lk_position
  headers text not null,
  payload text not null check (octet_length(payload) <= 900000),
  generation bigint not null,
  appended_at timestamptz not null default transaction_timestamp(),
  primary key (lane, position)
);

create table relay_position (
  lane integer primary key references outbox_lane,
  published_through bigint not null default 0 check (published_through >= 0),
  -- set when the message after published_through cannot be published
  parked_code text,
  updated_at timestamptz not null default transaction_timestamp()
) with (fillfactor = 50);

create table relay_topic (
  topic text collate "C" primary key,
  -- of the Kafka cluster that holds the topic
  cluster_id text,
  recommitted_at timestamptz,
  -- set when the relay refuses to go on with this topic: what was found
  refused_code text,
  refused_detail text,
  refused_at timestamptz
);
