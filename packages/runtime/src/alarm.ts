import type { Health } from './health.ts';
import type { Logger } from './logger.ts';
import type { RetryOptions } from './retry-forever.ts';

const EVERY_MS = 10_000;

/** The two callbacks of `retryForever` that raise and lower an alarm. */
export type Alarm = Required<Pick<RetryOptions, 'onFailure' | 'onRecovery'>>;

/**
 * Makes a wait visible: from the first failure to the recovery `part` is not ready, and the log warns
 * of it at most every 10 s.
 *
 * @param part - what is waited for, as `/readyz` and the log name it
 * @param nowMs - a clock that only goes forward
 */
export function waitingAlarm(
  part: string,
  { log, health }: { readonly log: Logger; readonly health: Health },
  nowMs: () => number = () => performance.now(),
): Alarm {
  let warnedAtMs: number | undefined;
  return {
    onFailure: (error, failures) => {
      health.notReady(part, 'failing; tried again until it succeeds');
      const sinceMs = nowMs() - (warnedAtMs ?? Number.NEGATIVE_INFINITY);
      if (sinceMs < EVERY_MS) return;
      warnedAtMs = nowMs();
      log.warn({ part, failures, err: error }, 'waiting');
    },
    onRecovery: (failures) => {
      health.ready(part);
      warnedAtMs = undefined;
      log.info({ part, failures }, 'recovered');
    },
  };
}
