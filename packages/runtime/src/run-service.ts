import { Failure } from '@latchkey/contracts';
import type { z } from 'zod';
import { describeFailure, failureIn, isRefusal } from './describe-failure.ts';
import { createHealth, type Health } from './health.ts';
import { openHealthServer } from './health-server.ts';
import { helpText } from './help.ts';
import { createLogger, type Logger } from './logger.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { readSettings, type SettingsRead } from './read-settings.ts';
import { listenForShutdown, type Shutdown } from './shutdown.ts';
import { unknownSettings } from './unknown-settings.ts';

/** One process: what it is called, what it can be told, and what it does. */
export interface Service<S extends z.ZodObject> {
  readonly name: string;
  /** Flat, named as in the environment, each with a description and its bounds. */
  readonly settings: S;
  /** Makes it a command: its arguments as `--help` prints them. Its log then goes to stderr. */
  readonly usage?: string;
  /**
   * Opens what it needs with `await using`, so that everything is closed in reverse order however it
   * ends, and returns when it is done or soon after the signal was aborted.
   */
  readonly run: (context: ServiceContext<z.output<S>>) => Promise<void>;
}

export interface ServiceContext<T> {
  readonly settings: T;
  /** The arguments of a command; empty for a service, which has none. */
  readonly args: readonly string[];
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly health: Health;
  /** Aborted by SIGTERM and SIGINT, and by an error that nobody caught. */
  readonly signal: AbortSignal;
}

/**
 * Runs a process from its settings to its exit code: 0 done or asked to stop, 1 failed, 2 bad
 * configuration or usage. The only reader of the environment and the arguments. Resolves when
 * everything is closed; what then keeps the process alive has SHUTDOWN_SECONDS to go.
 */
export async function runService<S extends z.ZodObject>(service: Service<S>): Promise<void> {
  // Whatever ends the process before this function has decided is a failure.
  process.exitCode = 1;
  const args = process.argv.slice(2);
  if (args.includes('--help')) {
    process.stdout.write(helpText(service));
    process.exitCode = 0;
    return;
  }
  const read = readSettings(service.settings, process.env);
  const problems = [
    ...argumentProblems(service, args),
    ...('problems' in read ? read.problems : []),
  ];
  if ('problems' in read || problems.length > 0) {
    refuse(service, new Failure('CONFIG_INVALID', { problems }));
    process.exitCode = 2;
    return;
  }
  process.exitCode = await runToTheEnd(service, args, read);
}

type Settled<S extends z.ZodObject> = Extract<SettingsRead<S>, { readonly settings: unknown }>;

async function runToTheEnd<S extends z.ZodObject>(
  service: Service<S>,
  args: readonly string[],
  { settings, common }: Settled<S>,
): Promise<number> {
  const to = service.usage === undefined ? 'stdout' : 'stderr';
  const log = createLogger({ service: service.name, level: common.LOG_LEVEL, to });
  const shutdown = listenForShutdown(log, common.SHUTDOWN_SECONDS);
  const health = createHealth();
  const metrics = createMetrics();
  shutdown.signal.addEventListener('abort', () => {
    health.notReady('process', 'stopping');
  });
  try {
    await using server = await openServer(common.HTTP_PORT, { health, metrics });
    const unknown = unknownSettings(service.settings.shape, process.env);
    if (unknown.length > 0) log.warn({ unknown }, 'variables that look like settings are ignored');
    log[service.usage === undefined ? 'info' : 'debug']({ port: server?.port }, 'started');
    await service.run({ settings, args, log, metrics, health, signal: shutdown.signal });
    return shutdown.hasFailed() ? 1 : 0;
  } catch (error) {
    return exitCodeOf(error, service, log, shutdown);
  } finally {
    shutdown.allClosed();
  }
}

function openServer(
  port: number | undefined,
  parts: { readonly health: Health; readonly metrics: Metrics },
): ReturnType<typeof openHealthServer> | undefined {
  return port === undefined ? undefined : openHealthServer(port, parts);
}

function exitCodeOf(
  error: unknown,
  service: Pick<Service<z.ZodObject>, 'name' | 'usage'>,
  log: Logger,
  shutdown: Shutdown,
): number {
  const { signal } = shutdown;
  if (signal.aborted && error === signal.reason) return shutdown.hasFailed() ? 1 : 0;
  const failure = failureIn(error);
  const isCommand = service.usage !== undefined;
  if (failure !== undefined && (isRefusal(failure) || isCommand)) refuse(service, failure);
  else log.fatal({ err: error }, 'failed');
  return failure !== undefined && isRefusal(failure) && !shutdown.hasFailed() ? 2 : 1;
}

function argumentProblems(
  { usage }: Pick<Service<z.ZodObject>, 'usage'>,
  args: readonly string[],
): readonly string[] {
  if (usage !== undefined) return [];
  return args.map((arg) => `unknown argument: ${arg.split('=', 1).join('')}`);
}

function refuse({ name }: Pick<Service<z.ZodObject>, 'name'>, failure: Failure): void {
  process.stderr.write(`${name}: ${describeFailure(failure)}\n`);
}
