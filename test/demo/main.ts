/** `npm run demo`: shows the main use cases on real servers, with checks at the end. */

import { CommandLine } from '../../tools/command-line.ts';
import { StackUnavailable } from '../../tools/stack/stack.ts';
import { printAddresses } from '../../tools/start/addresses.ts';
import { bad, good, progress, say, table, title } from '../../tools/start/print.ts';
import { stopSignal, untilAborted } from '../../tools/start/stop-signal.ts';
import { type Check, checkConservation, checkMessages } from '../support/checks.ts';
import { type Demo, openDemo } from './open-demo.ts';
import { tellStory } from './story.ts';
import { Teller } from './teller.ts';

const COMMAND_LINE = new CommandLine({
  command: 'npm run demo --',
  options: { keep: { type: 'boolean' } },
  usage: '[--keep]',
});

process.exitCode = await main();

async function main(): Promise<number> {
  const keep = COMMAND_LINE.readOrExit((given) => given.keep);
  const stop = stopSignal();
  try {
    say('Latchkey: each repeated intent happens once, converges and stays explainable.');
    await using demo = await openDemo(progress, stop);
    const teller = new Teller(demo);
    await Promise.race([tellStory(demo, teller), failOn(stop)]);
    const isVerified = await report(demo, teller);
    if (keep) {
      printAddresses(demo);
      await untilAborted(stop);
    }
    say();
    progress('stopping everything that was started');
    return isVerified ? 0 : 1;
  } catch (error) {
    if (stop.aborted) return 130;
    process.stderr.write(`${error instanceof StackUnavailable ? error.message : String(error)}\n`);
    return 1;
  }
}

async function failOn(stop: AbortSignal): Promise<never> {
  await untilAborted(stop);
  throw new Error('stopped');
}

/** Prints the messages by type and the checks; true if all of them hold. */
async function report(demo: Demo, teller: Teller): Promise<boolean> {
  const messages = demo.reader.messages();
  title('What came out');
  const byType = Map.groupBy(messages, ({ type }) => type);
  table([...byType].map(([type, own]) => [type, String(own.length)]).sort());
  title('Checks');
  const checks: readonly Check[] = [
    checkConservation(await teller.totals(), teller.sent),
    ...checkMessages(messages),
    await auditCheck(demo, teller),
  ];
  table(
    checks.map(({ name, found, holds }) => [holds ? good('holds') : bad('FAILS'), name, found]),
  );
  return checks.every(({ holds }) => holds);
}

/** I1 and I6: once in the inbox, one entry in the audit trail. */
async function auditCheck(demo: Demo, teller: Teller): Promise<Check> {
  const [audit] = await demo.query<{ entries: number; applied: number }>(
    `select (select count(*) from audit_entry where trigger = 'event')::float8 as entries,
      (select count(*) from inbox where disposition in ('applied', 'stale'))::float8 as applied`,
  );
  const { applied, stale } = await teller.totals();
  return {
    name: 'every applied event is in the inbox once and has one audit entry',
    found: `${applied + stale} applied or stale, ${audit?.applied} in the inbox, ${audit?.entries} audit entries`,
    holds: audit?.applied === applied + stale && audit.entries === applied + stale,
  };
}
