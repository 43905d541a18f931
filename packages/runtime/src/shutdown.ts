import type { Logger } from './logger.ts';

/** Under npm one Ctrl-C arrives twice: from the terminal, and from npm, which passes it on. */
const SAME_REQUEST_MS = 500;

/** How a process comes to its end: asked to, or by an error that nobody caught. */
export interface Shutdown {
  /** Aborted once the process is to end. */
  readonly signal: AbortSignal;
  /** True once an error that nobody caught has ended the process. */
  readonly hasFailed: () => boolean;
  /** To be called when all is closed: what then keeps the process alive has the deadline to go. */
  readonly allClosed: () => void;
}

/**
 * Listens for SIGTERM, SIGINT and unhandled errors. The first of them aborts the signal and starts the
 * deadline. A second signal, or the deadline, ends the process at once with exit code 1.
 */
export function listenForShutdown(log: Logger, deadlineSeconds: number): Shutdown {
  const controller = new AbortController();
  let askedAtMs: number | undefined;
  let failed = false;

  const onSignal = (name: NodeJS.Signals): void => {
    if (askedAtMs === undefined) {
      askedAtMs = performance.now();
      log.info({ signal: name }, 'asked to stop');
      stopWithin(controller, log, deadlineSeconds);
    } else if (performance.now() - askedAtMs >= SAME_REQUEST_MS) {
      endNow(log, 'asked to stop a second time');
    }
  };
  const onUnhandled = (error: unknown): void => {
    failed = true;
    log.fatal({ err: error }, 'error that nobody caught');
    stopWithin(controller, log, deadlineSeconds);
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  process.on('unhandledRejection', onUnhandled);
  process.on('uncaughtException', onUnhandled);

  return {
    signal: controller.signal,
    hasFailed: () => failed,
    allClosed: () => {
      stopWithin(controller, log, deadlineSeconds);
    },
  };
}

/** Aborts and starts the deadline, once. */
function stopWithin(controller: AbortController, log: Logger, seconds: number): void {
  if (controller.signal.aborted) return;
  controller.abort();
  setTimeout(() => {
    endNow(log, 'did not end in time');
  }, seconds * 1_000).unref();
}

/** The one place that ends the process while something still runs. */
function endNow(log: Logger, why: string): void {
  log.fatal({ open: process.getActiveResourcesInfo() }, why);
  process.exit(1);
}
