import type { RecordEvent } from '@latchkey/contracts';
import type { Tx } from '@latchkey/postgres';
import type { ClaimedEvent } from '../claim.ts';
import type { Handler, Locked } from '../handler.ts';
import { readMoment } from '../moment.ts';
import type { Outputs } from '../outputs.ts';
import { decideRecord } from './decide-record.ts';
import { type LockedRecord, lockRecord, readChildren } from './lock-record.ts';
import { findUnknownPeople } from './unknown-people.ts';

/** Facts of the authoritative record. A fact is kept, and so is its event id: one that comes again is found there. */
export const recordHandler: Handler<RecordEvent, LockedRecord> = {
  retention: 'record',
  lock,
  decide: decideRecord,
};

/** Locks in this order: correlation keys, identities. Statements that need no answer go out together. */
async function lock(
  tx: Tx,
  claimed: readonly ClaimedEvent<RecordEvent>[],
  outputs: Outputs,
): Promise<Locked<LockedRecord>> {
  const events = claimed.map(({ event }) => event);
  const { rows, identityOf, firstSubjects } = await lockRecord(tx, events);
  const identities = await readChildren(tx, rows);
  const [unknown, moment] = await Promise.all([
    findUnknownPeople(tx, identities, identityOf),
    readMoment(tx, outputs),
  ]);
  return { locked: { identities, identityOf, firstSubjects, unknown }, moment };
}
