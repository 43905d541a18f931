import { type RawBuilder, sql } from 'kysely';
import type { Tx } from '../in-transaction.ts';
import type { DeliveryOrigin } from '../origin.ts';
import { LEFT_OUT_AFTER } from '../progress/progress.ts';
import { encodeRows, type RowParameters, selectRows } from '../row-parameters.ts';
import { selectColumns } from '../row-spec.ts';
import { statement } from '../statement.ts';
import { insertRows } from '../write-rows.ts';
import {
  ATTEMPT,
  type AttemptRow,
  REPORTED_VERIFICATION,
  VERIFICATION,
  VERIFICATION_ID,
  type VerificationRow,
} from './verification-rows.ts';

/** A verification, and the input partition in which it is first reported. */
export interface ReportedVerification {
  readonly verificationId: string;
  readonly topic: string;
  readonly partition: number;
  /** `kafka` where it is not given. */
  readonly origin?: DeliveryOrigin;
}

/**
 * Inserts the verifications that do not exist yet (pending, reported in at their input partition) and
 * locks all of them, in the order of their ids.
 *
 * @param wanted - each verification once
 */
export async function lockVerifications(
  tx: Tx,
  wanted: readonly ReportedVerification[],
): Promise<readonly VerificationRow[]> {
  const sorted = wanted.toSorted((a, b) => byBytes(a.verificationId, b.verificationId));
  const rows = sorted.map((one) => ({ origin: 'kafka', ...one }));
  const [, locked] = await Promise.all([
    tx.run(insertVerifications, encodeRows(REPORTED_VERIFICATION, rows)),
    tx.run(selectVerificationsForUpdate, encodeRows(VERIFICATION_ID, rows)),
  ]);
  return locked;
}

const insertVerifications = statement<RowParameters<typeof REPORTED_VERIFICATION>, object>(
  'insert_verifications',
  (p) => sql`${insertRows(REPORTED_VERIFICATION, p)} on conflict (verification_id) do nothing`,
);

const selectVerificationsForUpdate = statement<
  RowParameters<typeof VERIFICATION_ID>,
  VerificationRow
>(
  'select_verifications_for_update',
  (p) => sql`
    select ${selectColumns(VERIFICATION)} from verification
    where verification_id = any (string_to_array(${p.verificationId}, E'\\x1f'))
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
 * How far every partition of the topic was read, independent of the keys in it: our own lag expires no verification. A
 * partition that was stopped for an hour is not waited for.
 */
export function readThroughOf(p: Readonly<ReportTopic>): RawBuilder<unknown> {
  return sql`
    select case
      when ${p.topic}::text is null then statement_timestamp()
      when count(*) = ${p.partitions}::integer then least(statement_timestamp(), min(
        case when stopped_at <= statement_timestamp() - ${LEFT_OUT_AFTER} then 'infinity'
          else coalesce(read_through_at, '-infinity') end))
    end as read_through_at
    from intake_progress
    where topic = ${p.topic}::text and partition < ${p.partitions}::integer
    having ${p.topic}::text is null or count(*) > 0`;
}

/**
 * Locks those of these verifications whose deadline has passed in what was read of every partition of the topic, in the
 * order of their ids.
 */
export async function lockLeasedVerifications(
  tx: Tx,
  verificationIds: readonly string[],
  { topic, partitions }: ReportTopic,
): Promise<readonly DueVerificationRow[]> {
  const rows = verificationIds.toSorted(byBytes).map((verificationId) => ({ verificationId }));
  return tx.run(selectLeasedVerifications, {
    ...encodeRows(VERIFICATION_ID, rows),
    topic,
    partitions,
  });
}

const selectLeasedVerifications = statement<
  RowParameters<typeof VERIFICATION_ID> & ReportTopic,
  DueVerificationRow
>(
  'select_leased_verifications',
  (p) => sql`
    with inputs as materialized (${readThroughOf(p)})
    select ${selectColumns(VERIFICATION)}, (select read_through_at from inputs) as "readThroughMs"
    from verification
    where verification_id = any (string_to_array(${p.verificationId}, E'\\x1f'))
      and next_deadline_at < (select read_through_at from inputs)
      and next_deadline_at <= statement_timestamp()
    order by verification_id
    for no key update of verification`,
);

/** The attempts of verifications that this transaction has locked. */
export async function listAttempts(
  tx: Tx,
  verificationIds: readonly string[],
): Promise<readonly AttemptRow[]> {
  if (verificationIds.length === 0) return [];
  const rows = verificationIds.map((verificationId) => ({ verificationId }));
  return tx.run(selectAttempts, encodeRows(VERIFICATION_ID, rows));
}

const selectAttempts = statement<RowParameters<typeof VERIFICATION_ID>, AttemptRow>(
  'select_attempts',
  (p) => sql`
    select ${selectColumns(ATTEMPT)}
    from (${selectRows(VERIFICATION_ID, p)}) as wanted
    join verification_attempt on verification_attempt.verification_id = wanted.verification_id
    order by verification_attempt.verification_id, attempt`,
);

/** In the order of the column's collation "C", which is the order of the bytes in UTF-8. */
function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
