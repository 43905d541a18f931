-- "Is this person who they say": one question, its attempts, and every report of either.

create table verification (
  verification_id text collate "C" primary key,
  state text not null default 'pending'
    check (state in ('pending', 'verified', 'failed', 'locked', 'expired', 'cancelled')),
  -- null until `requested` was taken
  purpose text,
  person_source text,
  person_external_id text,
  requested_at timestamptz,
  expires_at timestamptz,
  max_attempts integer,
  max_failures integer,
  -- the attempt that decided, its channel and method
  attempt text,
  channel text,
  method text,
  decided_at timestamptz,
  valid_until timestamptz,
  generation bigint not null default 0,
  -- where its reports come in: the clock acts only when that partition was read past the deadline
  topic text collate "C",
  partition integer,
  next_deadline_at timestamptz,
  -- JSON: what the columns have no room for (parked facts)
  detail text not null default '{}'
) with (fillfactor = 60);
create index verification_due on verification (next_deadline_at, verification_id)
  where next_deadline_at is not null;

create table verification_attempt (
  verification_id text collate "C" not null references verification,
  attempt text collate "C" not null,
  state text not null check (state in ('open', 'collecting', 'checking', 'verified', 'rejected',
    'max_attempts', 'expired', 'cancelled', 'no_answer', 'busy', 'unreachable', 'hung_up', 'superseded')),
  platform text,
  channel text,
  session text,
  opened_at timestamptz,
  ended_at timestamptz,
  -- JSON: steps, factors, telemetry, parked facts
  detail text not null default '{}',
  primary key (verification_id, attempt)
) with (fillfactor = 60);

-- Append only: one row a report, by Kafka or by HTTP.
create table verification_callback (
  event_id text collate "C" primary key,
  verification_id text collate "C" not null references verification,
  attempt text collate "C",
  type text not null,
  disposition text not null check (disposition in ('accepted', 'progress', 'duplicate',
    'duplicate_other_channel', 'contradictory', 'contradictory_input', 'late_telemetry', 'late_input',
    'out_of_order', 'stale_known', 'stale_unknown', 'unknown_attempt', 'call_mismatch',
    'bad_signature', 'malformed')),
  -- of the attempt, else of the verification, after this report
  final_state text,
  data text not null,
  taken_at timestamptz not null,
  first_seen_at timestamptz not null default transaction_timestamp()
);
create index verification_callback_verification on verification_callback (verification_id, first_seen_at);

-- Failures of one person (else of one verification) for one purpose, across verifications.
create table verification_failure (
  subject text collate "C" not null,
  purpose text collate "C" not null,
  -- JSON array of {step, at}, bounded by the policy's window and limit
  failures text not null default '[]',
  primary key (subject, purpose)
) with (fillfactor = 60);

create function refuse_terminal_change() returns trigger language plpgsql as $$
begin
  raise exception '% in state % is final', tg_table_name, old.state using errcode = 'LK002';
end
$$;
create trigger verification_terminal before update or delete on verification
  for each row when (old.state <> 'pending') execute function refuse_terminal_change();
create trigger verification_attempt_terminal before update or delete on verification_attempt
  for each row when (old.state not in ('open', 'collecting', 'checking'))
  execute function refuse_terminal_change();
create trigger dead_letter_terminal before update on dead_letter
  for each row when (old.state = 'redriven') execute function refuse_terminal_change();
