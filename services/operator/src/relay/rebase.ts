import { type Rebased, rebase } from '@latchkey/repair';
import { inputTopicNames } from '@latchkey/runtime';
import { loadOutputs } from '../load-outputs.ts';
import { printLine, printRow } from '../print.ts';
import { FLAG, verb } from '../verb.ts';
import { openRepair } from './open-repair.ts';

/**
 * Repairs the outbox of a database that went back, and states everything again. `--all` does so even if both sides agree;
 * `--take-over` claims topics of another installation; `--now` does not wait until the inputs are processed.
 */
export const relayRebase = verb({
  command: 'relay rebase',
  usage: '[--all] [--take-over] [--now] [--json]',
  meaning: 'the database went back: state everything again',
  options: { all: FLAG, 'take-over': FLAG, now: FLAG, json: FLAG },
  purpose: 'repair',
  run: async (operating, { all, 'take-over': takeOver, now, json }) => {
    const { db, settings } = operating;
    await using repair = await openRepair(operating);
    const result = await rebase(repair, {
      all,
      takeOver,
      inputs: now ? undefined : Object.values(inputTopicNames(settings)),
      loadOutputs: () => loadOutputs(db, settings),
    });
    if (result.kind === 'rebased') print(result.rebased, json);
    else if (json) printRow({ ...NOTHING, epoch: result.epoch }, json);
    else printLine('nothing to rebase: the outbox is what was published');
  },
});

const NOTHING: Omit<Rebased, 'epoch'> = {
  topics: 0,
  dropped: 0,
  renumbered: 0,
  forgottenAccounts: 0,
  unknownAccounts: 0,
  forgottenReviews: 0,
  identities: 0,
  accounts: 0,
  verifications: 0,
};

function print(rebased: Rebased, json: boolean): void {
  const { epoch, topics, dropped, renumbered, identities, accounts, verifications } = rebased;
  if (json) {
    printRow(rebased, json);
    return;
  }
  printLine(
    `epoch ${epoch}; ${topics} topics mended, ${dropped} messages known already, ${renumbered} renumbered`,
  );
  const { forgottenAccounts, unknownAccounts, forgottenReviews } = rebased;
  if (forgottenAccounts > 0) {
    printLine(`${forgottenAccounts} accounts were published and forgotten: they are decided anew`);
  }
  if (forgottenReviews > 0) {
    printLine(
      `${forgottenReviews} reviews were published in another state than the database has: published again`,
    );
  }
  if (unknownAccounts > 0) {
    printLine(
      `! ${unknownAccounts} messages are about accounts of people whom the database does not know: consumers keep these accounts`,
    );
  }
  printLine(
    `stated again: ${identities} identities, ${accounts} accounts, ${verifications} verifications`,
  );
}
