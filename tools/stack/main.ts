/** `npm run stack`: runs a database and brokers in the foreground until it is asked to stop. */
import { CommandLine } from '../command-line.ts';
import { openStack } from './open-stack.ts';
import { StackUnavailable } from './stack.ts';

const COMMAND_LINE = new CommandLine({
  command: 'npm run stack --',
  options: { brokers: { type: 'string' }, local: { type: 'boolean' } },
  usage: '[--brokers 1|3] [--local]',
});
const KEEP_ALIVE_MS = 60_000;

process.exitCode = await main();

async function main(): Promise<number> {
  const options = COMMAND_LINE.readOrExit(({ brokers = '1', local }) => ({
    brokers: brokersOf(brokers),
    local,
  }));
  const stop = stopSignal();
  // A process that only waits for a signal ends, and this one does not watch servers from the environment.
  const alive = setInterval(() => undefined, KEEP_ALIVE_MS);
  try {
    await using stack = await openStack({ ...options, log, signal: stop });
    process.stdout.write(`DATABASE_URL=${stack.databaseUrl}\n`);
    process.stdout.write(`KAFKA_BROKERS=${stack.brokers.join(',')}\n`);
    process.stdout.write('ready\n');
    const lost = await Promise.race([aborted(stop), stack.lost]);
    log(lost ?? 'stopping');
    return lost === undefined ? 0 : 1;
  } catch (error) {
    if (stop.aborted) return 0;
    log(error instanceof StackUnavailable ? error.message : String(error));
    return 1;
  } finally {
    clearInterval(alive);
  }
}

function brokersOf(text: string): 1 | 3 {
  if (text === '1' || text === '3') return text === '1' ? 1 : 3;
  throw new RangeError('--brokers: expected 1 or 3');
}

/** Aborted by the first signal that asks to stop. */
function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      stop.abort();
    });
  }
  return stop.signal;
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => {
      resolve(undefined);
    });
    if (signal.aborted) resolve(undefined);
  });
}

function log(line: string): void {
  process.stderr.write(`${line}\n`);
}
