-- Who there is, what was stated about them, and what they hold.

-- What must belong to one identity only, and to which person it was first known. Locked before the identities.
create table correlation_key (
  kind text not null check (kind in ('engagement')),
  value text collate "C" not null,
  external_id text collate "C" not null,
  primary key (kind, value)
);

create table identity (
  -- derived from (source, external_id)
  identity_id uuid primary key,
  source text collate "C" not null,
  external_id text collate "C" not null,
  -- null until the identity was decided for the first time
  lifecycle text check (lifecycle in
    ('pre_active', 'active', 'suspended', 'leaving', 'inactive', 'archived')),
  generation bigint not null default 0 check (generation >= 0),
  derived_at timestamptz,
  next_transition_at timestamptz,
  -- set when the clock could not decide this one; a review says why
  parked_at timestamptz,
  created_at timestamptz not null default transaction_timestamp(),
  check ((lifecycle is null) = (derived_at is null)),
  unique (source, external_id)
) with (fillfactor = 60);
create index identity_due on identity (next_transition_at, identity_id)
  where next_transition_at is not null and parked_at is null;

-- The authoritative record: a set. Rows are never changed but to be voided by an operator.
create table fact (
  event_id text collate "C" primary key,
  fingerprint bytea not null check (octet_length(fingerprint) = 32),
  identity_id uuid not null references identity,
  source text collate "C" not null,
  kind text not null check (kind in ('joined', 'moved', 'left', 'suspended', 'resumed',
    'rescinded', 'stated', 'blocked', 'released')),
  -- null for what is about the person and no engagement
  engagement text collate "C",
  -- the source's own order: its revision, or nanoseconds since 1970
  source_order bigint not null,
  data text not null,
  received_at timestamptz not null default transaction_timestamp(),
  voided_at timestamptz
);
create index fact_identity on fact (identity_id);

-- What the facts say of one engagement now; derived, for people to read.
create table engagement (
  identity_id uuid not null references identity,
  source text collate "C" not null,
  engagement text collate "C" not null,
  external_id text collate "C" not null,
  starts_at timestamptz,
  ends_at timestamptz,
  access_ends_at timestamptz,
  state text not null check (state in ('ahead', 'running', 'suspended', 'access_over', 'ended', 'void')),
  primary key (identity_id, source, engagement)
) with (fillfactor = 70);

create table account (
  account_id uuid primary key,
  identity_id uuid not null references identity,
  target text not null,
  state text not null check (state in ('absent', 'disabled', 'enabled')),
  user_name text not null,
  -- JSON object
  attributes text not null,
  generation bigint not null check (generation > 0),
  disabled_at timestamptz,
  delete_at timestamptz,
  check (delete_at is null or state = 'disabled'),
  unique (identity_id, target)
) with (fillfactor = 60);

create table assignment (
  account_id uuid not null references account,
  entitlement text not null,
  identity_id uuid not null,
  target text not null,
  -- JSON array of {rule, hash, …}; never empty
  reasons text not null check (reasons <> '[]'),
  primary key (account_id, entitlement)
) with (fillfactor = 80);

create function refuse_lower_generation() returns trigger language plpgsql as $$
begin
  if new.generation < old.generation then
    raise exception 'generation of % may not fall from % to %', tg_table_name, old.generation, new.generation
      using errcode = 'LK001';
  end if;
  return new;
end
$$;
create trigger identity_generation before update on identity
  for each row when (new.generation < old.generation) execute function refuse_lower_generation();
create trigger account_generation before update on account
  for each row when (new.generation < old.generation) execute function refuse_lower_generation();

create table review (
  review_id uuid primary key,
  kind text not null,
  -- what it is about: an identity, a rule, an engagement, a partition
  subject text not null,
  owner text not null,
  state text not null default 'open' check (state in ('open', 'resolved')),
  -- JSON object, for the person who decides
  detail text not null,
  generation bigint not null default 1,
  opened_at timestamptz not null default transaction_timestamp(),
  due_at timestamptz not null
);

-- Append only: no role may update or delete.
create table audit_entry (
  audit_id bigint generated always as identity primary key,
  decided_at timestamptz not null,
  subject_kind text not null check (subject_kind in
    ('identity', 'verification', 'dead_letter', 'intake_progress')),
  subject_id text not null,
  trigger text not null check (trigger in ('event', 'clock', 'operator')),
  event_id text collate "C",
  -- who decided: policy:<hash>, or operator:<name>
  decider text not null,
  owner text not null,
  -- JSON array
  decisions text not null
);
create index audit_entry_subject on audit_entry (subject_id, audit_id);
