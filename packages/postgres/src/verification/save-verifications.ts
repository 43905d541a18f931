import { sql } from 'kysely';
import type { Tx } from '../in-transaction.ts';
import type { DeliveryOrigin } from '../origin.ts';
import { columnsOf, type RowColumns, selectRows } from '../rows.ts';
import { statement } from '../statement.ts';
import type { AttemptRow, VerificationRow } from './lock-verifications.ts';

/** Saves verifications that this transaction has locked. One that was final before is refused. */
export function saveVerifications(tx: Tx, verifications: readonly VerificationRow[]): void {
  if (verifications.length === 0) return;
  const rows = verifications.map((verification) => ({
    verification_id: verification.verificationId,
    state: verification.state,
    purpose: verification.purpose,
    person_source: verification.personSource,
    person_external_id: verification.personExternalId,
    requested_at: verification.requestedAtMs,
    expires_at: verification.expiresAtMs,
    max_attempts: verification.maxAttempts,
    max_failures: verification.maxFailures,
    attempt: verification.attempt,
    channel: verification.channel,
    method: verification.method,
    decided_at: verification.decidedAtMs,
    valid_until: verification.validUntilMs,
    generation: verification.generation,
    detail: verification.detail,
    next_deadline_at: verification.nextDeadlineAtMs,
  }));
  tx.finally(updateVerifications, columnsOf(VERIFICATION, rows));
}

/** The sweep leaves the verification alone until its next report; a review says why. */
export const parkVerification = statement<{ verificationId: string }, object>(
  'park_verification',
  (p) => sql`
    update verification set next_deadline_at = null
    where verification_id = ${p.verificationId}`,
);

const VERIFICATION = {
  verification_id: 'text',
  state: 'text',
  purpose: 'text',
  person_source: 'text',
  person_external_id: 'text',
  requested_at: 'ms',
  expires_at: 'ms',
  max_attempts: 'integer',
  max_failures: 'integer',
  attempt: 'text',
  channel: 'text',
  method: 'text',
  decided_at: 'ms',
  valid_until: 'ms',
  generation: 'bigint',
  detail: 'text',
  next_deadline_at: 'ms',
} as const;

const updateVerifications = statement<RowColumns<typeof VERIFICATION>, object>(
  'update_verifications',
  (p) => sql`
    update verification as known set
      state = saved.state, purpose = saved.purpose, person_source = saved.person_source,
      person_external_id = saved.person_external_id, requested_at = saved.requested_at,
      expires_at = saved.expires_at, max_attempts = saved.max_attempts,
      max_failures = saved.max_failures, attempt = saved.attempt, channel = saved.channel,
      method = saved.method, decided_at = saved.decided_at, valid_until = saved.valid_until,
      generation = saved.generation, detail = saved.detail,
      next_deadline_at = saved.next_deadline_at
    from (${selectRows(VERIFICATION, p)}) as saved
    where known.verification_id = saved.verification_id`,
);

/** Saves attempts; makes those that are new. One that was final before is refused. */
export function saveAttempts(tx: Tx, attempts: readonly AttemptRow[]): void {
  if (attempts.length === 0) return;
  const rows = attempts.map((attempt) => ({
    verification_id: attempt.verificationId,
    attempt: attempt.attempt,
    state: attempt.state,
    platform: attempt.platform,
    channel: attempt.channel,
    session: attempt.session,
    opened_at: attempt.openedAtMs,
    ended_at: attempt.endedAtMs,
    detail: attempt.detail,
  }));
  tx.finally(upsertAttempts, columnsOf(ATTEMPT, rows));
}

const ATTEMPT = {
  verification_id: 'text',
  attempt: 'text',
  state: 'text',
  platform: 'text',
  channel: 'text',
  session: 'text',
  opened_at: 'ms',
  ended_at: 'ms',
  detail: 'text',
} as const;

const upsertAttempts = statement<RowColumns<typeof ATTEMPT>, object>(
  'upsert_attempts',
  (p) => sql`
    insert into verification_attempt (verification_id, attempt, state, platform, channel, session,
      opened_at, ended_at, detail)
    select verification_id, attempt, state, platform, channel, session, opened_at, ended_at, detail
    from (${selectRows(ATTEMPT, p)}) as saved order by ordinal
    on conflict (verification_id, attempt) do update set
      state = excluded.state, platform = excluded.platform, channel = excluded.channel,
      session = excluded.session, opened_at = excluded.opened_at, ended_at = excluded.ended_at,
      detail = excluded.detail`,
);

/** One report of a verification, by Kafka or HTTP. */
export interface CallbackRow {
  /** The event id where it is not given: so it is for a report by Kafka. */
  readonly callbackId?: string;
  /** Only of the report that claimed the event. */
  readonly eventId: string | undefined;
  /** `kafka` where it is not given. */
  readonly origin?: DeliveryOrigin;
  /** SHA-256 in hexadecimal. */
  readonly fingerprint: string;
  readonly verificationId: string;
  readonly attempt: string | undefined;
  readonly type: string;
  readonly disposition: string;
  /** State of the attempt, else of the verification, after this report. */
  readonly finalState: string | undefined;
  /** JSON text. */
  readonly data: string;
  readonly takenAtMs: number;
}

/** Keeps one row for each report. */
export function appendCallbacks(tx: Tx, callbacks: readonly CallbackRow[]): void {
  if (callbacks.length === 0) return;
  const rows = callbacks.map((callback) => ({
    callback_id: callback.callbackId ?? callback.eventId,
    event_id: callback.eventId,
    origin: callback.origin ?? 'kafka',
    fingerprint: callback.fingerprint,
    verification_id: callback.verificationId,
    attempt: callback.attempt,
    type: callback.type,
    disposition: callback.disposition,
    final_state: callback.finalState,
    data: callback.data,
    taken_at: callback.takenAtMs,
  }));
  tx.finally(insertCallbacks, columnsOf(CALLBACK, rows));
}

const CALLBACK = {
  callback_id: 'text',
  event_id: 'text',
  origin: 'text',
  fingerprint: 'hex',
  verification_id: 'text',
  attempt: 'text',
  type: 'text',
  disposition: 'text',
  final_state: 'text',
  data: 'text',
  taken_at: 'ms',
} as const;

const insertCallbacks = statement<RowColumns<typeof CALLBACK>, object>(
  'insert_callbacks',
  (p) => sql`
    insert into verification_callback
      (callback_id, event_id, origin, fingerprint, verification_id, attempt, type, disposition,
        final_state, data, taken_at)
    select callback_id, event_id, origin, fingerprint, verification_id, attempt, type, disposition,
      final_state, data, taken_at
    from (${selectRows(CALLBACK, p)}) as report order by ordinal`,
);
