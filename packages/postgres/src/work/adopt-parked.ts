import { sql } from 'kysely';
import { statement } from '../statement.ts';
import { isUntried } from './untried.ts';

/**
 * Hands identities over to due work that an older version has parked without it, the longest parked first.
 *
 * @returns a row for each
 */
export const adoptParkedIdentities = statement<{ readonly limit: number }, object>(
  'adopt_parked_identities',
  (p) => sql`
    insert into due_work (kind, item_id, due_at, retry_at, tried_policy, tried_build, cause)
    select 'clock', identity_id::text, parked_at, clock_timestamp(), 'unknown', 'unknown',
      'parked by an older version'
    from (
      select identity_id, parked_at from identity
      where parked_at is not null
        and ${isUntried('clock', sql`identity.identity_id::text`)}
      order by identity_id limit ${p.limit}
    ) as parked
    order by identity_id::text collate "C"
    on conflict (kind, item_id) do nothing
    returning kind`,
);

/**
 * Gives verifications a deadline again that an older version has parked by taking it away: they are due. A review says that they
 * were parked.
 *
 * @returns a row for each
 */
export const adoptParkedVerifications = statement<{ readonly limit: number }, object>(
  'adopt_parked_verifications',
  (p) => sql`
    with parked as materialized (
      select verification.verification_id, review.opened_at from review
      join verification on verification.verification_id = review.subject collate "C"
      where review.kind = 'sweep_failed' and review.state = 'open'
        and verification.next_deadline_at is null and verification.state = 'pending'
      limit ${p.limit}
      for no key update of verification skip locked
    )
    update verification set next_deadline_at = parked.opened_at
    from parked where verification.verification_id = parked.verification_id
    returning verification.verification_id`,
);
