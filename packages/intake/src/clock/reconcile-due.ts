import {
  identityIdColumns,
  leaseFreshIdentities,
  lockLeasedIdentities,
  parkIdentities,
  type Tx,
} from '@latchkey/postgres';
import type { IntakeContext } from '../steps/context.ts';
import { decideAndApply } from '../steps/decide-and-apply.ts';
import type { Deciding } from '../steps/deciding.ts';
import { readMoment } from '../steps/moment.ts';
import { decideDue } from '../steps/record/decide-record.ts';
import { readRecord } from '../steps/record/read-record.ts';
import type { Decision, DueKind, RoundLimits } from '../work/due-kind.ts';
import { type Round, runRound } from '../work/run-round.ts';

/**
 * Decides identities whose next transition is due. Nothing happens early; after downtime everything due happens once. See
 * `runRound`: one that cannot be decided comes again, and the others are decided.
 */
export function reconcileDue(context: IntakeContext, limits?: RoundLimits): Promise<Round> {
  return runRound(context, CLOCK, limits);
}

const CLOCK: DueKind = {
  kind: 'clock',
  reviewKind: 'clock_failed',
  leaseFresh: (tx, fresh) => tx.run(leaseFreshIdentities, fresh),
  decide: decideIdentities,
  lock: async (tx, identityId) => {
    const rows = await tx.run(lockLeasedIdentities, identityIdColumns([identityId]));
    return rows.length > 0;
  },
  park: (tx, identityId) => {
    parkIdentities(tx, [identityId]);
  },
};

const NO_FACTS = new Map<string, never>();

async function decideIdentities(
  tx: Tx,
  { itemIds, resolved }: Decision,
  { policy, outputs }: Deciding,
): Promise<void> {
  const rows = await tx.run(lockLeasedIdentities, identityIdColumns(itemIds));
  if (rows.length === 0 && resolved.length === 0) return;
  await decideAndApply(
    tx,
    outputs,
    async () => {
      const [locked, moment] = await Promise.all([
        readRecord(tx, rows, NO_FACTS, policy),
        readMoment(tx, outputs),
      ]);
      return { locked, moment };
    },
    (identities, moment) => [
      ...[...identities.values()].map((identity) => decideDue(identity, policy, moment)),
      { resolved },
    ],
  );
}
