/**
 * Appends $2 rows to every lane of topic $1, each with the filling $3: messages for relays without a
 * reconciler.
 */
export const APPEND_ROWS = `
  insert into outbox (lane, position, ce_id, key, headers, payload, generation)
  select lane, position, id, id,
    json_build_object('ce_id', id, 'ce_type', 'test', 'lk_generation', '1'),
    json_build_object('n', position, 'filling', $3::text), 1
  from (
    select lane, coalesce((select max(position) from outbox where outbox.lane = outbox_lane.lane), 0) as head
    from outbox_lane where topic = $1 offset 0
  ) as lanes, generate_series(1, $2::integer) as n,
  lateral (select head + n as position, md5(lane || ' ' || (head + n))::uuid as id) as rows`;
