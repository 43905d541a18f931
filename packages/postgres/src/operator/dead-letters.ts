import { type NotNull, sql } from 'kysely';
import type { Db } from '../open-database.ts';
import { statement } from '../statement.ts';

export interface DeadLetterSummary {
  readonly id: string;
  readonly code: string;
  readonly field: string | null;
  readonly cause: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly eventId: string | null;
  readonly source: string | null;
  readonly type: string | null;
  readonly state: string;
  readonly attempts: number;
  readonly receivedAtMs: number;
}

export interface DeadLetterFilter {
  readonly state: 'open' | 'redriven' | undefined;
  readonly code: string | undefined;
  readonly topic: string | undefined;
  readonly limit: number;
}

/** Dead letters, the oldest first. */
export function listDeadLetters(
  db: Db,
  { state, code, topic, limit }: DeadLetterFilter,
): Promise<readonly DeadLetterSummary[]> {
  let query = db.kysely
    .selectFrom('dead_letter')
    .select(['id', 'code', 'field', 'cause', 'topic', 'partition', 'offset', 'source', 'type'])
    .select(['state', 'attempts', 'event_id as eventId', 'received_at as receivedAtMs'])
    .$narrowType<{ topic: NotNull; partition: NotNull; offset: NotNull }>() // what Kafka delivered has them
    .orderBy('received_at')
    .orderBy('id')
    .limit(limit);
  if (state !== undefined) query = query.where('state', '=', sql.lit(state)); // an index serves the open ones
  if (code !== undefined) query = query.where('code', '=', code);
  if (topic !== undefined) query = query.where('topic', '=', topic);
  return query.execute();
}

export interface DeadLetterDetail extends DeadLetterSummary {
  readonly epoch: number;
  readonly key: Buffer | null;
  readonly raw: Buffer | null;
  readonly headers: string;
  readonly takenAtMs: number;
  readonly redrivenAtMs: number | null;
  readonly redrivenBy: string | null;
}

/** One dead letter with its raw bytes; none where there is no such id. */
export const readDeadLetter = statement<{ id: string }, DeadLetterDetail>(
  'read_dead_letter',
  (p) => sql`
    select id, code, field, cause, topic, partition, epoch, "offset", event_id as "eventId", source,
      type, key, raw, headers, taken_at as "takenAtMs", attempts, state,
      received_at as "receivedAtMs", redriven_at as "redrivenAtMs", redriven_by as "redrivenBy"
    from dead_letter where id = ${p.id}`,
);
