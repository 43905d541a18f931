import type { RecordEvent } from '@latchkey/contracts';
import type { Tx } from '@latchkey/postgres';
import type { ClaimedEvent } from '../claim.ts';
import type { Deciding } from '../deciding.ts';
import type { Handler, Locked } from '../handler.ts';
import { readMoment } from '../moment.ts';
import { decideRecord } from './decide-record.ts';
import { type LockedRecord, lockRecord } from './lock-record.ts';
import { readRecord } from './read-record.ts';
import { findUnknownPeople, withIntroduced } from './unknown-people.ts';

/** Facts of the authoritative record. A fact keeps its event id until it is pruned: one that comes again is found there. */
export const recordHandler: Handler<RecordEvent, LockedRecord> = {
  retention: 'record',
  handsOver: true,
  lock,
  decide: decideRecord,
};

/** Locks in this order: correlation keys, identities. Statements that need no answer go out together. */
async function lock(
  tx: Tx,
  claimed: readonly ClaimedEvent<RecordEvent>[],
  { policy, outputs }: Deciding,
): Promise<Locked<LockedRecord>> {
  const events = claimed.map(({ event }) => event);
  const { rows, arriving, identityOf, firstSubjects } = await lockRecord(tx, events);
  const read = await readRecord(tx, rows, arriving, policy);
  const [[identities, unknown], moment] = await Promise.all([
    introducedAndUnknown(tx, read, identityOf),
    readMoment(tx, outputs),
  ]);
  return { locked: { identities, arriving, identityOf, firstSubjects, unknown }, moment };
}

async function introducedAndUnknown(
  tx: Tx,
  read: LockedRecord['identities'],
  identityOf: LockedRecord['identityOf'],
): Promise<readonly [LockedRecord['identities'], LockedRecord['unknown']]> {
  const events = Map.groupBy(identityOf.keys(), (event) => identityOf.get(event) ?? '');
  const identities = await withIntroduced(tx, read, events);
  return [identities, await findUnknownPeople(tx, identities, events)];
}
