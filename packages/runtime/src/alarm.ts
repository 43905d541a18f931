import type { Health } from './health.ts';
import type { Logger } from './logger.ts';
import type { RetryOptions } from './retry-forever.ts';

const EVERY_MS = 10_000;

/** The two callbacks of `retryForever` that raise and clear an alarm. */
export type Alarm = Required<Pick<RetryOptions, 'onFailure' | 'onRecovery'>>;

export interface AlarmShell {
  readonly log: Pick<Logger, 'error' | 'warn' | 'info'>;
  readonly health: Pick<Health, 'ready' | 'notReady'>;
  /** The level at which a failure is logged; `warn` by default. */
  readonly levelOf?: (error: unknown) => 'warn' | 'error';
}

/**
 * Reports a wait: from the first failure to the recovery `part` is not ready, and failures are logged at most every
 * 10 s.
 *
 * @param part - what is waited for, as `/readyz` and the log name it
 * @param nowMs - a monotonic clock
 */
export function waitingAlarm(
  part: string,
  { log, health, levelOf = () => 'warn' }: AlarmShell,
  nowMs: () => number = () => performance.now(),
): Alarm {
  let loggedAtMs: number | undefined;
  return {
    onFailure: (error, failures) => {
      health.notReady(part, 'failing; tried again until it succeeds');
      const sinceMs = nowMs() - (loggedAtMs ?? Number.NEGATIVE_INFINITY);
      if (sinceMs < EVERY_MS) return;
      loggedAtMs = nowMs();
      log[levelOf(error)]({ part, failures, err: error }, 'waiting');
    },
    onRecovery: (failures) => {
      health.ready(part);
      loggedAtMs = undefined;
      log.info({ part, failures }, 'recovered');
    },
  };
}
