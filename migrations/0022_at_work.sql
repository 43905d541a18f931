-- What alerts are computed from, where a process that dies cannot count itself.

-- Which policies reconcilers decide with: each notes its own every few seconds, so that two at once are seen.
create table policy_at_work (
  policy_hash text primary key check (policy_hash ~ '^[0-9a-f]{64}$'),
  -- by the database's clock
  seen_at timestamptz not null
);
alter table policy_at_work owner to latchkey_migrator;
grant select on policy_at_work to latchkey_reconciler, latchkey_operator, latchkey_reader;
grant insert, update, delete on policy_at_work to latchkey_reconciler;

-- How often relays of this installation have taken the topic: one that dies again and again always counts from 0.
alter table relay_topic add column takeovers bigint not null default 0 check (takeovers >= 0);
