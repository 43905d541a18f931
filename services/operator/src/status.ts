import {
  countDueWork,
  countOpen,
  type HousekeepingStatus,
  listOutputs,
  listPolicies,
  listProgress,
  type PolicyAtWork,
  readHousekeeping,
  type WorkCount,
} from '@latchkey/postgres';
import { printLine, printRows, without } from './print.ts';
import { FLAG, verb } from './verb.ts';

/** Prints the positions of inputs and outputs, work for operators, policies and housekeeping. */
export const status = verb({
  command: 'status',
  usage: '[--json]',
  meaning: 'positions, outputs, what waits for a person, policies at work',
  options: { json: FLAG },
  run: async ({ db }, { json }) => {
    const inputs = await db.run(listProgress, {});
    const outputs = await db.run(listOutputs, {});
    const open = await db.run(countOpen, {});
    const work = await db.run(countDueWork, {});
    const policies = await db.run(listPolicies, {});
    const housekeeping = await db.run(readHousekeeping, {});
    if (json) {
      printRows(
        inputs.map((row) => ({ about: 'input', ...row })),
        json,
      );
      printRows(
        outputs.map((row) => ({ about: 'output', ...row })),
        json,
      );
      printRows(
        open.map((row) => ({ about: 'open', ...row })),
        json,
      );
      printRows(
        work.map((row) => ({ about: 'work', ...row })),
        json,
      );
      printRows(
        policies.map((row) => ({ about: 'policy', ...row })),
        json,
      );
      printRows(
        housekeeping.map((row) => ({ about: 'housekeeping', ...row })),
        json,
      );
      return;
    }
    printLine('Input partitions');
    printRows(without(inputs, 'stoppedDetail'), json);
    for (const { topic, partition, stoppedCode, stoppedDetail } of inputs) {
      if (stoppedCode !== null)
        printLine(`! ${topic}/${partition}: ${stoppedCode}: ${stoppedDetail ?? ''}`);
    }
    printLine('\nOutput topics');
    printRows(without(outputs, 'refusedDetail'), json);
    for (const { topic, refusedCode, refusedDetail } of outputs) {
      if (refusedCode !== null) printLine(`! ${topic}: ${refusedCode}: ${refusedDetail ?? ''}`);
    }
    printLine('\nWaiting for a person');
    printRows(open, json);
    printLine('\nDue work');
    printRows(work, json);
    warnOfPace(work);
    printLine('\nPolicies');
    printRows(policies, json);
    warnOfPolicies(policies);
    printLine('\nHousekeeping');
    printRows(without(housekeeping, 'nowAtMs'), json);
    for (const row of housekeeping) warnOfMonths(row);
  },
});

function warnOfPace(work: readonly WorkCount[]): void {
  for (const { kind, isSlowed } of work) {
    if (isSlowed) printLine(`! ${kind}: one item a minute is tried; work list has the causes`);
  }
}

function warnOfPolicies(policies: readonly PolicyAtWork[]): void {
  const count = policies.filter(({ isAtWork }) => isAtWork).length;
  if (count < 2) return;
  printLine(`! ${count} policies are at work: give every reconciler the same POLICY_FILE`);
}

const DAY_MS = 86_400_000;
const WARN_DAYS = 60;

function warnOfMonths({ auditPartitionsEndAtMs, nowAtMs }: HousekeepingStatus): void {
  const days = Math.floor((auditPartitionsEndAtMs - nowAtMs) / DAY_MS);
  if (days < WARN_DAYS) printLine(`! audit trail: months for ${days} days: npm run migrate`);
}
