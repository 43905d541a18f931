import { sql } from 'kysely';
import { statement } from '../statement.ts';

export interface RelayTopicRow {
  /** Of the Kafka cluster that the topic was first published to; null before. */
  readonly clusterId: string | null;
  /** Milliseconds since 1970; null where the positions were never committed again. */
  readonly recommittedAt: number | null;
  /** Milliseconds since 1970, by the database's clock. */
  readonly nowMs: number;
}

/** None before the topic was published to for the first time. */
export const readRelayTopic = statement<{ topic: string }, RelayTopicRow>(
  'read_relay_topic',
  (p) => sql`
    select cluster_id as "clusterId", recommitted_at as "recommittedAt",
      clock_timestamp() as "nowMs"
    from relay_topic where topic = ${p.topic}`,
);

/** Both sides agree: the cluster is recorded if none was, and what was refused before is over. */
export const agreeOnTopic = statement<{ topic: string; clusterId: string }, object>(
  'agree_on_topic',
  (p) => sql`
    insert into relay_topic (topic, cluster_id) values (${p.topic}, ${p.clusterId})
    on conflict (topic) do update set
      cluster_id = coalesce(relay_topic.cluster_id, excluded.cluster_id),
      refused_code = null, refused_detail = null, refused_at = null
    where relay_topic.cluster_id is null or relay_topic.refused_code is not null`,
);

/** The topic waits for an operator. The time is that of the first refusal with this code. */
export const refuseTopic = statement<{ topic: string; code: string; detail: string }, object>(
  'refuse_topic',
  (p) => sql`
    insert into relay_topic (topic, refused_code, refused_detail, refused_at)
    values (${p.topic}, ${p.code}, ${p.detail}, clock_timestamp())
    on conflict (topic) do update set
      refused_code = excluded.refused_code, refused_detail = excluded.refused_detail,
      refused_at = case when relay_topic.refused_code = excluded.refused_code
        then relay_topic.refused_at else excluded.refused_at end
    where (relay_topic.refused_code, relay_topic.refused_detail)
      is distinct from (excluded.refused_code, excluded.refused_detail)`,
);

/** The positions of all lanes were committed to Kafka just now. */
export const markRecommitted = statement<{ topic: string }, object>(
  'mark_recommitted',
  (p) => sql`
    insert into relay_topic (topic, recommitted_at) values (${p.topic}, clock_timestamp())
    on conflict (topic) do update set recommitted_at = excluded.recommitted_at`,
);

/** A relay has acquired the topic, from another one or for the first time. */
export const countTakeover = statement<{ topic: string }, object>(
  'count_takeover',
  (p) => sql`
    insert into relay_topic (topic, takeovers) values (${p.topic}, 1)
    on conflict (topic) do update set takeovers = relay_topic.takeovers + 1`,
);

/** How often relays of this database have acquired each topic; without topics that none ever has. */
export const listTakeovers = statement<object, { topic: string; takeovers: bigint }>(
  'list_takeovers',
  () => sql`select topic, takeovers from relay_topic`,
);
