import type { Filling } from './filled-servers.ts';

/** Inserts claims of the last 29 days, with ids that sort randomly between new ones. */
export async function fillInbox({ query }: Filling, rows: number): Promise<void> {
  await query(
    `insert into inbox (event_id, fingerprint, received_at)
     select event_id, sha256(event_id::bytea), now() - n * interval '29 days' / $1::integer
     from (
       select 'urn:example:hr#' || md5(n::text)::uuid as event_id, n
       from generate_series(1, $1::integer) as n
     ) as claims
     order by event_id collate "C"`,
    [rows],
  );
}
