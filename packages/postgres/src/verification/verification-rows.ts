import { type NewRowOf, pickColumns, type RowOf, rowSpec } from '../row-spec.ts';

export const VERIFICATION = rowSpec(
  'verification',
  {
    verificationId: 'text',
    state: 'text',
    purpose: 'text?',
    personSource: 'text?',
    personExternalId: 'text?',
    requestedAtMs: 'ms?',
    expiresAtMs: 'ms?',
    maxAttempts: 'integer?',
    maxFailures: 'integer?',
    attempt: 'text?',
    channel: 'text?',
    method: 'text?',
    decidedAtMs: 'ms?',
    validUntilMs: 'ms?',
    generation: 'bigint',
    nextDeadlineAtMs: 'ms?',
    /** JSON text of an object. */
    detail: 'text',
  },
  { key: ['verificationId'] },
);

/** One row of `verification`; instants in milliseconds since 1970. */
export type VerificationRow = RowOf<typeof VERIFICATION>;

export const VERIFICATION_ID = pickColumns(VERIFICATION, ['verificationId']);

/** Only older versions read topic and partition: they are written so that verifications expire after a downgrade, too. */
export const REPORTED_VERIFICATION = rowSpec(
  'verification',
  { verificationId: 'text', topic: 'text', partition: 'integer', origin: 'text' },
  { key: ['verificationId'] },
);

export const ATTEMPT = rowSpec(
  'verification_attempt',
  {
    verificationId: 'text',
    attempt: 'text',
    state: 'text',
    platform: 'text?',
    channel: 'text?',
    session: 'text?',
    openedAtMs: 'ms?',
    endedAtMs: 'ms?',
    /** JSON text of an object. */
    detail: 'text',
  },
  { key: ['verificationId', 'attempt'] },
);

export type AttemptRow = RowOf<typeof ATTEMPT>;

export const CALLBACK = rowSpec(
  'verification_callback',
  {
    /** Of a report by Kafka: its event id. */
    callbackId: 'text',
    /** Only of the report that claimed the event. */
    eventId: 'text?',
    origin: 'text',
    /** SHA-256 in hexadecimal. */
    fingerprint: 'hex',
    verificationId: 'text',
    attempt: 'text?',
    type: 'text',
    disposition: 'text',
    /** State of the attempt, else of the verification, after this report. */
    finalState: 'text?',
    /** JSON text. */
    data: 'text',
    takenAtMs: 'ms',
  },
  { key: ['callbackId'] },
);

export type SavedCallback = NewRowOf<typeof CALLBACK>;

export const FAILURE_COUNT = rowSpec(
  'verification_failure',
  {
    subject: 'text',
    purpose: 'text',
    /** JSON text of an array. */
    failures: 'text',
  },
  { key: ['subject', 'purpose'] },
);

/** The failures of one person (else of one verification) for one purpose. */
export type FailureCountRow = RowOf<typeof FAILURE_COUNT>;
