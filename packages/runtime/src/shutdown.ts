import type { Logger } from './logger.ts';
import { hasLoaded } from './while-loading.ts';

/** Under npm one Ctrl-C arrives twice: from the terminal, and from npm, which passes it on. */
const SAME_REQUEST_MS = 500;

/** Grace for closed resources that still keep the process alive (a name lookup, a peer that does not answer). */
const REMAINS_MS = 500;

/** How a process ends: on request, or by an uncaught error. */
export interface Shutdown {
  /** Aborted once the process is to end. */
  readonly signal: AbortSignal;
  /** Aborted once servers that do not answer are waited for no longer. */
  readonly giveUp: AbortSignal;
  /** The signal that asked for the end; undefined where none did. */
  readonly askedBy: () => NodeJS.Signals | undefined;
  /** True once an uncaught error has ended the process. */
  readonly hasFailed: () => boolean;
  /**
   * To be called when all is closed, with the exit code. What then keeps the process alive is left behind where the
   * process was asked to end; else it has the deadline to go, which ends with 1.
   */
  readonly allClosed: (exitCode: number) => void;
}

export interface ShutdownLimits {
  readonly deadlineSeconds: number;
  /** From the signal on. Below the deadline. */
  readonly giveUpAfterSeconds: number;
}

/**
 * Listens for SIGTERM, SIGINT and unhandled errors. The first of them aborts the signal and starts the
 * deadline. A second signal, or the deadline, ends the process at once with exit code 1.
 */
export function listenForShutdown(log: Logger, limits: ShutdownLimits): Shutdown {
  const controllers = { signal: new AbortController(), giveUp: new AbortController() };
  let askedBy: NodeJS.Signals | undefined;
  let askedAtMs: number | undefined;
  let failed = false;

  const onSignal = (name: NodeJS.Signals): void => {
    if (askedAtMs === undefined) {
      askedAtMs = performance.now();
      askedBy = name;
      log.info({ signal: name }, 'asked to stop');
      stopWithin(controllers, log, limits);
    } else if (performance.now() - askedAtMs >= SAME_REQUEST_MS) {
      endNow(log, 'asked to stop a second time');
    }
  };
  const onUnhandled = (error: unknown): void => {
    failed = true;
    log.fatal({ err: error }, 'uncaught error');
    stopWithin(controllers, log, limits);
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  // Not before: a signal that came while nothing could be heard would be lost with its last listener.
  hasLoaded();
  process.on('unhandledRejection', onUnhandled);
  process.on('uncaughtException', onUnhandled);

  return {
    signal: controllers.signal.signal,
    giveUp: controllers.giveUp.signal,
    askedBy: () => askedBy,
    hasFailed: () => failed,
    allClosed: (exitCode) => {
      if (askedBy !== undefined) leaveBehind(log, exitCode);
      else stopWithin(controllers, log, limits);
    },
  };
}

/** Aborts and starts the deadline, once. */
function stopWithin(
  { signal, giveUp }: Readonly<Record<'signal' | 'giveUp', AbortController>>,
  log: Logger,
  { deadlineSeconds, giveUpAfterSeconds }: ShutdownLimits,
): void {
  if (signal.signal.aborted) return;
  signal.abort();
  if (giveUpAfterSeconds === 0) giveUp.abort();
  else {
    setTimeout(() => {
      log.warn({}, 'no longer waiting for servers');
      giveUp.abort();
    }, giveUpAfterSeconds * 1_000).unref();
  }
  setTimeout(() => {
    endNow(log, 'did not end in time');
  }, deadlineSeconds * 1_000).unref();
}

/** Everything is closed: what is left belongs to the operating system and to libraries. */
function leaveBehind(log: Logger, exitCode: number): void {
  setTimeout(() => {
    log.debug({ open: process.getActiveResourcesInfo() }, 'left behind');
    process.exit(exitCode);
  }, REMAINS_MS).unref();
}

/** Ends the process while work is still running. */
function endNow(log: Logger, why: string): void {
  log.fatal({ open: process.getActiveResourcesInfo() }, why);
  process.exit(1);
}
