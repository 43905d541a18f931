/** `npm run stack`: a database and brokers in the foreground, until it is asked to stop. */
import { parseArgs } from 'node:util';
import { openStack } from './open-stack.ts';
import { StackUnavailable } from './stack.ts';

const USAGE = 'usage: npm run stack [-- --brokers 1|3] [--local]';
const KEEP_ALIVE_MS = 60_000;

process.exitCode = await main();

async function main(): Promise<number> {
  const options = readArguments(process.argv.slice(2));
  if (options === undefined) {
    process.stderr.write(`${USAGE}\n`);
    return 2;
  }
  const stop = stopSignal();
  // Waiting for a signal alone does not keep a process alive, and servers of somebody else are not ours to watch.
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

function readArguments(args: string[]): { brokers: 1 | 3; local: boolean } | undefined {
  try {
    const { values } = parseArgs({
      args,
      options: {
        brokers: { type: 'string', default: '1' },
        local: { type: 'boolean', default: false },
      },
    });
    if (values.brokers !== '1' && values.brokers !== '3') return undefined;
    return { brokers: values.brokers === '1' ? 1 : 3, local: values.local };
  } catch {
    return undefined;
  }
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
