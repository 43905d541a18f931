import { isRecordEvent, isVerificationEvent } from '@latchkey/contracts';
import type { Tx } from '@latchkey/postgres';
import type { ClaimedEvent } from './claim.ts';
import { type ClaimedRecordEvent, type LockedRecord, lockRecord } from './lock-record.ts';
import {
  type ClaimedVerificationEvent,
  type LockedVerifications,
  lockVerificationWorlds,
} from './lock-verifications.ts';
import { type Moment, readMoment } from './moment.ts';
import type { Outputs } from './outputs.ts';

/** Everything that events may change, locked and read. */
export interface Locked extends Moment {
  readonly record: LockedRecord;
  readonly verifications: LockedVerifications;
}

/** Locks in one order for everybody: correlation keys, identities, verifications, failure counts. */
export async function lock(
  tx: Tx,
  events: readonly ClaimedEvent[],
  outputs: Outputs,
): Promise<Locked> {
  const record = await lockRecord(
    tx,
    events.filter(isAboutRecord).map(({ event }) => event),
  );
  const verifications = await lockVerificationWorlds(tx, events.filter(isAboutVerification));
  return { record, verifications, ...(await readMoment(tx, outputs)) };
}

export function isAboutRecord(claimed: ClaimedEvent): claimed is ClaimedRecordEvent {
  return isRecordEvent(claimed.event);
}

export function isAboutVerification(claimed: ClaimedEvent): claimed is ClaimedVerificationEvent {
  return isVerificationEvent(claimed.event);
}
