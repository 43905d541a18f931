import { constants } from 'node:os';
import { Failure } from '@latchkey/contracts';
import type { z } from 'zod';
import { outliveReaders } from './closed-output.ts';
import { describeFailure, failureIn, isRefusal } from './describe-failure.ts';
import { createHealth, type Health } from './health.ts';
import { openHealthServer } from './health-server.ts';
import { helpText } from './help.ts';
import { createLogger, type Logger } from './logger.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { readSettings, type SettingsRead } from './read-settings.ts';
import { listenForShutdown, type Shutdown } from './shutdown.ts';
import { unknownSettings } from './unknown-settings.ts';

/** One process: its name, its settings and its work. */
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
  /** Aborted by SIGTERM, SIGINT and an uncaught error. */
  readonly signal: AbortSignal;
  /**
   * Aborted when the process stops waiting for servers that do not answer: after half of SHUTDOWN_SECONDS, in a
   * command together with `signal`. Connections to servers must then be destroyed, so that every pending request
   * rejects.
   */
  readonly giveUp: AbortSignal;
}

/**
 * Runs a process from its settings to its exit code: 0 done or, for a service, asked to stop; 1 failed; 2 bad
 * configuration or usage; 130 or 143 a command that SIGINT or SIGTERM ended before it was done. The only reader of the
 * environment and the arguments. Resolves when everything is closed; what then keeps the process alive is ended, after
 * a signal soon and without it when SHUTDOWN_SECONDS are over.
 */
export async function runService<S extends z.ZodObject>(service: Service<S>): Promise<void> {
  // A process that ends before this function has decided has failed.
  process.exitCode = 1;
  outliveReaders();
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
    const unknown = unknownSettings(service.settings.shape, process.env);
    const ignored = unknown.map(
      ({ name, meant }) =>
        `${name}: no setting${meant === undefined ? '' : `; ${meant} may be meant`}`,
    );
    refuse(service, new Failure('CONFIG_INVALID', { problems: [...problems, ...ignored] }));
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
  const shutdown = listenForShutdown(log, {
    deadlineSeconds: common.SHUTDOWN_SECONDS,
    giveUpAfterSeconds: service.usage === undefined ? common.SHUTDOWN_SECONDS / 2 : 0,
  });
  const health = createHealth();
  const metrics = createMetrics();
  shutdown.signal.addEventListener('abort', () => {
    health.notReady('process', 'stopping');
  });
  const work = async (): Promise<void> => {
    // A command may run beside a service, with its environment.
    const port = service.usage === undefined ? common.HTTP_PORT : undefined;
    await using server = await openServer(port, { health, metrics });
    const unknown = unknownSettings(service.settings.shape, process.env);
    if (unknown.length > 0) log.warn({ unknown }, 'variables that look like settings are ignored');
    log[service.usage === undefined ? 'info' : 'debug']({ port: server?.port }, 'started');
    const { signal, giveUp } = shutdown;
    await service.run({ settings, args, log, metrics, health, signal, giveUp });
  };
  const code = await work().then(
    () => (shutdown.hasFailed() ? 1 : 0),
    (error: unknown) => exitCodeOf(error, service, log, shutdown),
  );
  shutdown.allClosed(code);
  return code;
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
  const failure = failureIn(error);
  const isCommand = service.usage !== undefined;
  if (failure === undefined && shutdown.signal.aborted) {
    return shutdown.hasFailed() ? 1 : interrupted(error, service, log, shutdown);
  }
  if (failure !== undefined && (isRefusal(failure) || isCommand)) refuse(service, failure);
  else log.fatal({ err: error }, 'failed');
  return failure !== undefined && isRefusal(failure) && !shutdown.hasFailed() ? 2 : 1;
}

/**
 * After a request to stop, the pending work fails. That is the normal end of a service; a command is not done.
 */
function interrupted(
  error: unknown,
  { name, usage }: Pick<Service<z.ZodObject>, 'name' | 'usage'>,
  log: Logger,
  { signal, askedBy }: Shutdown,
): number {
  if (error !== signal.reason) log.info({ err: error }, 'given up when asked to stop');
  if (usage === undefined) return 0;
  const by = askedBy() ?? 'SIGTERM';
  process.stderr.write(`${name}: ended by ${by} before it was done\n`);
  return 128 + constants.signals[by];
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
