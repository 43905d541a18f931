import type { TestDatabase } from './database.ts';

/**
 * Fills a database whose outputs have lanes, as an installation does over the years: the events `from` to
 * `to` and their rows, a quarter as many persons, half as many messages. Set-based.
 */
export async function fillDatabase(
  { query }: TestDatabase,
  from: number,
  to: number,
): Promise<void> {
  const rows = (share: number): string =>
    `generate_series(${Math.ceil(from / share)}, ${Math.floor(to / share)}) as n`;
  await query(`
    -- Foreign keys are not checked: every parent is inserted here.
    set local session_replication_role = replica;
    insert into inbox (event_id, fingerprint, received_at)
      select 'urn:x#' || n, sha256(n::text::bytea), now() - make_interval(mins => n)
      from ${rows(1)};
    insert into identity (identity_id, source, external_id, lifecycle, derived_at, generation,
        next_transition_at)
      select md5('i' || n)::uuid, 'urn:x', 'x' || n, 'active', now(), 1,
        now() + make_interval(mins => n)
      from ${rows(4)};
    insert into fact (event_id, fingerprint, identity_id, source, kind, engagement, source_order, data)
      select 'urn:x#' || kind || n, sha256(n::text::bytea), md5('i' || n)::uuid, 'urn:x', kind,
        'E' || n, n, '{}'
      from ${rows(4)}, unnest(array['joined', 'moved']) as kind;
    insert into correlation_key (kind, value, external_id)
      select 'engagement', 'urn:x#E' || n, 'x' || n
      from ${rows(4)};
    insert into engagement (identity_id, source, engagement, external_id, state)
      select md5('i' || n)::uuid, 'urn:x', 'E' || n, 'x' || n, 'running'
      from ${rows(4)};
    insert into engagement_checkpoint (identity_id, source, engagement, through_order, head)
      select md5('i' || n)::uuid, 'urn:x', 'E' || n, 0, '{}'
      from ${rows(8)};
    insert into checkpoint_row_key (identity_id, source, engagement, row_key)
      select md5('i' || n)::uuid, 'urn:x', 'E' || n, 'F' from ${rows(8)};
    insert into block_switch (identity_id, source, incident, blocked_order, released_order)
      select md5('i' || n)::uuid, 'urn:x', '', 1, case when n % 10 > 0 then 2 end
      from ${rows(8)};
    insert into account (account_id, identity_id, target, state, user_name, attributes, generation)
      select md5(target || n)::uuid, md5('i' || n)::uuid, target, 'enabled', 'x' || n, '{}', 1
      from ${rows(4)}, unnest(array['directory', 'mail']) as target;
    insert into assignment (account_id, entitlement, identity_id, target, reasons)
      select md5('mail' || n)::uuid, 'mailbox', md5('i' || n)::uuid, 'mail', '[{}]'
      from ${rows(4)};
    insert into verification (verification_id, state, topic, partition, next_deadline_at, generation)
      select 'x' || n, case when n % 10 = 0 then 'pending' else 'verified' end, 'x', 0,
        case when n % 10 = 0 then now() + make_interval(mins => n) end, 1
      from ${rows(4)};
    insert into verification_attempt (verification_id, attempt, state)
      select 'x' || n, 'a1', 'verified' from ${rows(4)};
    insert into verification_callback (callback_id, event_id, fingerprint, verification_id, type,
        disposition, data, taken_at)
      select 'urn:y#' || type || n, 'urn:y#' || type || n, sha256(n::text::bytea), 'x' || n, type, 'accepted', '{}', now()
      from ${rows(4)}, unnest(array['a', 'b']) as type;
    insert into verification_failure (subject, purpose)
      select 'x' || n, 'callback' from ${rows(4)};
    insert into outbox (lane, position, ce_id, key, headers, payload, generation, appended_at)
      select lane, head + n, md5(lane || ' ' || head + n)::uuid, 'k', '{}', '{}', 1,
        now() - interval '100 hours'
      from (
        select lane, (select coalesce(max(position), 0) from outbox
          where outbox.lane = outbox_lane.lane) as head
        from outbox_lane offset 0
      ) as lanes, generate_series(1, ${(to - from) / 2} / (select count(*) from outbox_lane)) as n;
    insert into relay_position (lane, published_through)
      select lane, max(position) - 500 from outbox group by lane having max(position) > 500
      on conflict (lane) do update set published_through = excluded.published_through;
    insert into audit_entry (decided_at, subject_kind, subject_id, trigger, decider, owner, decisions)
      select now() + make_interval(days => n % 90), 'identity', 'x' || n, 'event', 'policy:x', 'o', '[]'
      from ${rows(2)};
    insert into dead_letter (id, code, cause, topic, partition, "offset", event_id, raw, headers,
        taken_at, state, redriven_at, redriven_by)
      select md5('d' || n)::uuid, 'DATA_INVALID', 'expected something', 'x', 0, n, 'urn:x#d' || n, '{}',
        '[]', now(), state, case when state = 'redriven' then now() end,
        case when state = 'redriven' then 'grace' end
      from ${rows(10)},
        lateral (select case when n % 10 = 0 then 'open' else 'redriven' end as state) as s;
    insert into conflict (event_id, fingerprint, topic, partition, "offset", last_seen_at)
      select 'urn:x#' || n, sha256(n::text::bytea), 'x', 0, n, now() - make_interval(mins => n)
      from ${rows(10)};
    insert into review (review_id, kind, subject, owner, state, detail, due_at)
      select md5('r' || n)::uuid, 'clock_failed', 'x' || n, 'o',
        case when n % 10 = 0 then 'open' else 'resolved' end, '{}', now()
      from ${rows(10)}`);
}
