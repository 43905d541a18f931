import { sql } from 'kysely';
import { statement } from '../statement.ts';

/** The class of the advisory locks of relays; the second key is the topic's first lane. */
const RELAY_LOCK_CLASS = 19_532;

/**
 * Tries to acquire the lock of a topic for this session. While it is acquired, the server ends the session, and the
 * lock with it, once the session has sent nothing for `silenceMs`: a relay on a stopped host does not block the others.
 * The relay must therefore ping.
 */
export const tryTopicLock = statement<
  { firstLane: number; silenceMs: number },
  { acquired: boolean }
>(
  'try_topic_lock',
  (p) => sql`
    select acquired, set_config('idle_session_timeout',
      case when acquired then (${p.silenceMs}::integer)::text else '0' end, false)
    from (
      select pg_try_advisory_lock(${sql.lit(RELAY_LOCK_CLASS)}, ${p.firstLane}) as acquired offset 0
    ) as tried`,
);

export const releaseTopicLock = statement<{ firstLane: number }, object>(
  'release_topic_lock',
  (p) => sql`
    select pg_advisory_unlock(${sql.lit(RELAY_LOCK_CLASS)}, ${p.firstLane}),
      set_config('idle_session_timeout', '0', false)`,
);

export const pingSession = statement<object, object>('ping_session', () => sql`select`);
