import { isRecordEvent, isVerificationEvent } from '@latchkey/contracts';
import type { LockedVerifications } from '@latchkey/domain';
import type { Tx } from '@latchkey/postgres';
import type { ClaimedEvent } from './claim.ts';
import {
  type ClaimedRecordEvent,
  holdRecord,
  type LockedRecord,
  withChildren,
} from './lock-record.ts';
import {
  type ClaimedVerificationEvent,
  holdVerifications,
  lockFailures,
} from './lock-verifications.ts';
import { type Moment, readMoment } from './moment.ts';
import type { Outputs } from './outputs.ts';
import { findStrangers } from './strangers.ts';

/** Everything that events may change, locked and read. */
export interface Locked extends Moment {
  readonly record: LockedRecord;
  readonly verifications: LockedVerifications;
}

/**
 * Locks in one order for everybody: correlation keys, identities, verifications, failure counts. What does not wait
 * for an answer goes out together; the server runs it in the order in which it is sent.
 */
export async function lock(
  tx: Tx,
  events: readonly ClaimedEvent[],
  outputs: Outputs,
): Promise<Locked> {
  const { rows, identityOf, holders } = await holdRecord(
    tx,
    events.filter(isAboutRecord).map(({ event }) => event),
  );
  const [identities, heldVerifications] = await Promise.all([
    withChildren(tx, rows),
    holdVerifications(tx, events.filter(isAboutVerification)),
  ]);
  const [strangers, verifications, moment] = await Promise.all([
    findStrangers(tx, identities, identityOf),
    lockFailures(tx, heldVerifications),
    readMoment(tx, outputs),
  ]);
  return { record: { identities, identityOf, holders, strangers }, verifications, ...moment };
}

export function isAboutRecord(claimed: ClaimedEvent): claimed is ClaimedRecordEvent {
  return isRecordEvent(claimed.event);
}

export function isAboutVerification(claimed: ClaimedEvent): claimed is ClaimedVerificationEvent {
  return isVerificationEvent(claimed.event);
}
