import { sql } from 'kysely';
import type { Tx } from '../in-transaction.ts';
import type { DeliveryOrigin } from '../origin.ts';
import { LEFT_OUT_AFTER } from '../progress/progress.ts';
import { columnsOf, type RowColumns, selectRows } from '../rows.ts';
import { statement } from '../statement.ts';

/** One row of `verification`; instants in milliseconds since 1970. */
export interface VerificationRow {
  readonly verificationId: string;
  readonly state: string;
  readonly purpose: string | null;
  readonly personSource: string | null;
  readonly personExternalId: string | null;
  readonly requestedAtMs: number | null;
  readonly expiresAtMs: number | null;
  readonly maxAttempts: number | null;
  readonly maxFailures: number | null;
  readonly attempt: string | null;
  readonly channel: string | null;
  readonly method: string | null;
  readonly decidedAtMs: number | null;
  readonly validUntilMs: number | null;
  readonly generation: bigint;
  readonly nextDeadlineAtMs: number | null;
  /** JSON text of an object. */
  readonly detail: string;
}

const VERIFICATION = {
  verification_id: 'text',
  topic: 'text',
  partition: 'integer',
  origin: 'text',
} as const;
const ID = { verification_id: 'text' } as const;

export const verificationColumns = sql`
  verification.verification_id as "verificationId", state, purpose, person_source as "personSource",
  person_external_id as "personExternalId", requested_at as "requestedAtMs",
  expires_at as "expiresAtMs", max_attempts as "maxAttempts", max_failures as "maxFailures",
  attempt, channel, method, decided_at as "decidedAtMs", valid_until as "validUntilMs", generation,
  next_deadline_at as "nextDeadlineAtMs", detail`;

/**
 * A verification, and the input partition in which it is first reported. Only older versions read topic and partition:
 * they are written so that verifications expire after a downgrade, too.
 */
export interface ReportedVerification {
  readonly verificationId: string;
  readonly topic: string;
  readonly partition: number;
  /** `kafka` where it is not given. */
  readonly origin?: DeliveryOrigin;
}

/**
 * Makes the verifications that do not exist yet (pending, reported in at their input partition) and
 * locks all of them, in the order of their ids.
 *
 * @param wanted - each verification once
 */
export async function lockVerifications(
  tx: Tx,
  wanted: readonly ReportedVerification[],
): Promise<readonly VerificationRow[]> {
  const sorted = wanted.toSorted((a, b) => byBytes(a.verificationId, b.verificationId));
  const rows = sorted.map(({ verificationId, ...at }) => ({
    verification_id: verificationId,
    origin: 'kafka',
    ...at,
  }));
  const [, locked] = await Promise.all([
    tx.run(insertVerifications, columnsOf(VERIFICATION, rows)),
    tx.run(selectVerificationsForUpdate, columnsOf(ID, rows)),
  ]);
  return locked;
}

const insertVerifications = statement<RowColumns<typeof VERIFICATION>, object>(
  'insert_verifications',
  (p) => sql`
    insert into verification (verification_id, topic, partition, origin)
    select verification_id, topic, partition, origin from (${selectRows(VERIFICATION, p)}) as wanted
    order by ordinal
    on conflict (verification_id) do nothing`,
);

const selectVerificationsForUpdate = statement<RowColumns<typeof ID>, VerificationRow>(
  'select_verifications_for_update',
  (p) => sql`
    select ${verificationColumns} from verification
    where verification_id = any (string_to_array(${p.verification_id}, E'\\x1f'))
    order by verification_id
    for no key update`,
);

/** A verification whose deadline has come, with how far its reports were read. */
export interface DueVerificationRow extends VerificationRow {
  readonly readThroughMs: number;
}

/** The topic in which verifications are reported. */
export interface ReportTopic {
  /** null: there is none, and deadlines count by the database's clock. */
  readonly topic: string | null;
  /** How many it has, as far as is known; 0 where that is not known yet: then nothing is due. */
  readonly partitions: number;
}

/**
 * Locks verifications whose deadline has passed in what was read of every partition of the topic,
 * whatever their keys: our own lag expires nobody. A partition that was stopped for an hour is not waited
 * for. Verifications that another transaction holds are left out.
 */
export const lockDueVerifications = statement<
  ReportTopic & { readonly limit: number },
  DueVerificationRow
>(
  'lock_due_verifications',
  (p) => sql`
    with inputs as materialized (
      select case
        when ${p.topic}::text is null then statement_timestamp()
        when count(*) = ${p.partitions}::integer then least(statement_timestamp(), min(
          case when stopped_at <= statement_timestamp() - ${LEFT_OUT_AFTER} then 'infinity'
            else coalesce(read_through_at, '-infinity') end))
      end as read_through_at
      from intake_progress
      where topic = ${p.topic}::text and partition < ${p.partitions}::integer
      having ${p.topic}::text is null or count(*) > 0
    )
    select ${verificationColumns}, (select read_through_at from inputs) as "readThroughMs"
    from verification
    where next_deadline_at < (select read_through_at from inputs)
      and next_deadline_at <= statement_timestamp()
    order by next_deadline_at, verification.verification_id
    limit ${p.limit}
    for no key update of verification skip locked`,
);

export interface AttemptRow {
  readonly verificationId: string;
  readonly attempt: string;
  readonly state: string;
  readonly platform: string | null;
  readonly channel: string | null;
  readonly session: string | null;
  readonly openedAtMs: number | null;
  readonly endedAtMs: number | null;
  /** JSON text of an object. */
  readonly detail: string;
}

/** The attempts of verifications that this transaction has locked. */
export async function listAttempts(
  tx: Tx,
  verificationIds: readonly string[],
): Promise<readonly AttemptRow[]> {
  if (verificationIds.length === 0) return [];
  const rows = verificationIds.map((id) => ({ verification_id: id }));
  return tx.run(selectAttempts, columnsOf(ID, rows));
}

const selectAttempts = statement<RowColumns<typeof ID>, AttemptRow>(
  'select_attempts',
  (p) => sql`
    select known.verification_id as "verificationId", attempt, state, platform, channel, session,
      opened_at as "openedAtMs", ended_at as "endedAtMs", detail
    from (${selectRows(ID, p)}) as wanted
    join verification_attempt as known on known.verification_id = wanted.verification_id
    order by known.verification_id, attempt`,
);

/** In the order of the column's collation "C", which is the order of the bytes in UTF-8. */
function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
