import type { Tx } from '../in-transaction.ts';
import type { DeliveryOrigin } from '../origin.ts';
import { encodeRows, type RowParameters } from '../row-parameters.ts';
import { statement } from '../statement.ts';
import { insertRows, updateRows, upsertRows } from '../write-rows.ts';
import {
  ATTEMPT,
  type AttemptRow,
  CALLBACK,
  type SavedCallback,
  VERIFICATION,
  type VerificationRow,
} from './verification-rows.ts';

/** Saves verifications that this transaction has locked. One that was final before is refused. */
export function saveVerifications(tx: Tx, verifications: readonly VerificationRow[]): void {
  if (verifications.length === 0) return;
  tx.finally(updateVerifications, encodeRows(VERIFICATION, verifications));
}

const updateVerifications = statement<RowParameters<typeof VERIFICATION>, object>(
  'update_verifications',
  (p) => updateRows(VERIFICATION, p),
);

/** Saves attempts; inserts those that are new. One that was final before is refused. */
export function saveAttempts(tx: Tx, attempts: readonly AttemptRow[]): void {
  if (attempts.length === 0) return;
  tx.finally(upsertAttempts, encodeRows(ATTEMPT, attempts));
}

const upsertAttempts = statement<RowParameters<typeof ATTEMPT>, object>('upsert_attempts', (p) =>
  upsertRows(ATTEMPT, p),
);

/** One report of a verification, by Kafka or HTTP. */
export interface CallbackRow extends Omit<SavedCallback, 'callbackId' | 'origin'> {
  /** The event id where it is not given: so it is for a report by Kafka. */
  readonly callbackId?: string;
  /** `kafka` where it is not given. */
  readonly origin?: DeliveryOrigin;
}

/** Stores one row for each report. */
export function appendCallbacks(tx: Tx, callbacks: readonly CallbackRow[]): void {
  if (callbacks.length === 0) return;
  const rows = callbacks.map((callback) => ({
    origin: 'kafka',
    callbackId: callback.eventId ?? '', // no key at all is refused
    ...callback,
  }));
  tx.finally(insertCallbacks, encodeRows(CALLBACK, rows));
}

const insertCallbacks = statement<RowParameters<typeof CALLBACK>, object>('insert_callbacks', (p) =>
  insertRows(CALLBACK, p),
);
