import { Failure } from '@latchkey/contracts';
import { waitingAlarm } from './alarm.ts';
import { every, type Loop, OverdueError } from './every.ts';
import type { Health } from './health.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';

/** Work that a process repeats beside its main work. */
export interface BackgroundTask extends Pick<Loop, 'everyMs' | 'limitMs' | 'work' | 'isPermanent'> {
  /** The `chore` of its metrics and log lines. */
  readonly name: string;
  /** This part of `/readyz` is not ready from a failure to the next success, and the log warns every 10 s. */
  readonly part?: string;
  /** Clears measurements that may no longer be true; called after each failure. */
  readonly forget?: () => void;
}

export interface BackgroundTasks {
  /**
   * Repeats a task until the signal is aborted, as `every` does. Counts failures in `latchkey_chore_failures_total`
   * and notes the last success in `latchkey_chore_succeeded_timestamp_seconds`. Logs the first failure of a row:
   * a `Failure`, a lost connection and a run over its limit as warnings, every other error as an error.
   *
   * @throws what the task's `isPermanent` accepts
   */
  readonly run: (task: BackgroundTask, signal: AbortSignal) => Promise<void>;
}

export interface BackgroundShell {
  readonly metrics: Metrics;
  readonly log: Pick<Logger, 'error' | 'warn' | 'info'>;
  readonly health: Pick<Health, 'ready' | 'notReady'>;
  /** True for errors that a server out of reach brings about. */
  readonly isConnectionLost: (error: unknown) => boolean;
  /** From 0 up to 1; for the jitter of retries. */
  readonly random?: () => number;
}

type Level = 'warn' | 'error';

/** The background tasks of a process. Call it once for the same metrics: they cannot be registered twice. */
export function createBackgroundTasks(shell: BackgroundShell): BackgroundTasks {
  const { metrics, random } = shell;
  const failed = metrics.counter('latchkey_chore_failures_total');
  const succeeded = metrics.gauge('latchkey_chore_succeeded_timestamp_seconds');
  return {
    run: async (task, signal) => {
      const chore = task.name;
      failed.inc({ chore }, 0);
      const report = reporterOf(task, shell);
      const loop: Loop = {
        ...task,
        onFailure: (error, failures) => {
          failed.inc({ chore });
          task.forget?.();
          report.onFailure(error, failures);
        },
        onSuccess: (failures) => {
          succeeded.set({ chore }, Date.now() / 1_000);
          if (failures > 0) report.onRecovery(failures);
        },
        ...(random === undefined ? {} : { random }),
      };
      await every(loop, signal);
    },
  };
}

interface Reporter {
  readonly onFailure: (error: unknown, failures: number) => void;
  readonly onRecovery: (failures: number) => void;
}

function reporterOf({ name, part }: BackgroundTask, shell: BackgroundShell): Reporter {
  const { log, health, isConnectionLost } = shell;
  const levelOf = (error: unknown): Level =>
    error instanceof Failure || error instanceof OverdueError || isConnectionLost(error)
      ? 'warn'
      : 'error';
  if (part === undefined) return logReporter(name, log, levelOf);
  health.ready(part);
  return waitingAlarm(part, { log, health, levelOf });
}

/** Logs the first failure of a row, and an unexpected one that follows expected ones. */
function logReporter(
  chore: string,
  log: BackgroundShell['log'],
  levelOf: (error: unknown) => Level,
): Reporter {
  let logged: Level | undefined;
  return {
    onFailure: (err) => {
      const level = levelOf(err);
      if (logged === 'error' || logged === level) return;
      logged = level;
      log[level]({ chore, err }, 'background task failed; retrying');
    },
    onRecovery: () => {
      logged = undefined;
      log.info({ chore }, 'background task succeeded again');
    },
  };
}
