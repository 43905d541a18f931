import { sql } from 'kysely';
import { statement } from '../statement.ts';

/** The class of the advisory locks of relays; the second key is the topic's first lane. */
const RELAY_LOCK_CLASS = 19_532;

/**
 * Takes the lock of a topic for this session, if nobody has it. From then on the server ends the
 * session, and with it the lock, once it has sent nothing for `silenceMs`: a relay on a host that was
 * stopped does not keep the others out. Whoever holds it must ping.
 */
export const tryTopicLock = statement<{ firstLane: number; silenceMs: number }, { held: boolean }>(
  'try_topic_lock',
  (p) => sql`
    select held, set_config('idle_session_timeout',
      case when held then (${p.silenceMs}::integer)::text else '0' end, false)
    from (
      select pg_try_advisory_lock(${sql.lit(RELAY_LOCK_CLASS)}, ${p.firstLane}) as held offset 0
    ) as tried`,
);

export const releaseTopicLock = statement<{ firstLane: number }, object>(
  'release_topic_lock',
  (p) => sql`
    select pg_advisory_unlock(${sql.lit(RELAY_LOCK_CLASS)}, ${p.firstLane}),
      set_config('idle_session_timeout', '0', false)`,
);

export const pingSession = statement<object, object>('ping_session', () => sql`select`);
