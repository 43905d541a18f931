/** `npm start`: runs a stack and every service until it is asked to stop. */
import { CommandLine } from '../command-line.ts';
import { StackUnavailable } from '../stack/stack.ts';
import { printAddresses } from './addresses.ts';
import { openLatchkey } from './latchkey.ts';
import { progress } from './print.ts';
import { stopSignal, untilAborted } from './stop-signal.ts';

const COMMAND_LINE = new CommandLine({ command: 'npm start', options: {}, usage: '' });

process.exitCode = await main();

async function main(): Promise<number> {
  COMMAND_LINE.readOrExit(() => undefined);
  const stop = stopSignal();
  try {
    await using latchkey = await openLatchkey(progress, stop);
    printAddresses(latchkey);
    const lost = await Promise.race([untilAborted(stop), latchkey.stack.lost]);
    progress(lost ?? 'stopping');
    return lost === undefined ? 0 : 1;
  } catch (error) {
    if (stop.aborted) return 0;
    process.stderr.write(`${error instanceof StackUnavailable ? error.message : String(error)}\n`);
    return 1;
  }
}
