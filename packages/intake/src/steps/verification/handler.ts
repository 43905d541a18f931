import type { VerificationEvent } from '@latchkey/contracts';
import type { LockedVerifications } from '@latchkey/domain';
import type { Tx } from '@latchkey/postgres';
import type { ClaimedEvent } from '../claim.ts';
import type { Deciding } from '../deciding.ts';
import type { Handler, Locked } from '../handler.ts';
import { readMoment } from '../moment.ts';
import { decideVerifications } from './decide-verifications.ts';
import { lockFailures, lockReported } from './lock-verifications.ts';

/** Reports about verifications. Only transactions of this family lock verifications. */
export const verificationHandler: Handler<VerificationEvent, LockedVerifications> = {
  retention: 'inbox',
  handsOver: false,
  lock,
  decide: (claimed, locked, { policy }, moment) =>
    decideVerifications(claimed, locked, policy, moment),
};

/** Locks in this order: verifications, failure counts. Statements that need no answer go out together. */
async function lock(
  tx: Tx,
  claimed: readonly ClaimedEvent<VerificationEvent>[],
  { outputs }: Deciding,
): Promise<Locked<LockedVerifications>> {
  const reported = await lockReported(tx, claimed);
  const [locked, moment] = await Promise.all([lockFailures(tx, reported), readMoment(tx, outputs)]);
  return { locked, moment };
}
