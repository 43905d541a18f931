import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';
import { waitMs } from './wait.ts';

/** Something that a process does again and again, beside its work. */
export interface Chore {
  /** As the metrics and the log name it. */
  readonly name: string;
  /** Between the end of one time and the begin of the next. */
  readonly everyMs: number;
  /** What takes longer counts as failed, once for each time that it takes so long again. One is under way at a time. */
  readonly limitMs: number;
  readonly work: () => Promise<void>;
  /** What it has shown so far may not be true any more; called for each failure. */
  readonly forget?: () => void;
}

/** Does chores, and shows whether they succeed. */
export interface Chores {
  /**
   * Does a chore until asked to stop, the first time at once. Its failures are in
   * `latchkey_chore_failures_total`, and in the log when it begins to fail; they end nothing. Resolves soon after the
   * signal is aborted, also where the work has not ended. Never rejects.
   */
  readonly every: (chore: Chore, signal: AbortSignal) => Promise<void>;
}

/** The chores of a process; there can only be one of these with the same metrics. */
export function createChores(metrics: Metrics, log: Pick<Logger, 'warn' | 'info'>): Chores {
  const failures = metrics.counter('latchkey_chore_failures_total');
  const succeeded = metrics.gauge('latchkey_chore_succeeded_timestamp_seconds');
  return {
    every: async ({ name, everyMs, limitMs, work, forget }, signal) => {
      const chore = name;
      failures.inc({ chore }, 0);
      const state = { isFailing: false };
      const onFailure = (err: unknown): void => {
        if (signal.aborted) return;
        failures.inc({ chore });
        forget?.();
        if (!state.isFailing) log.warn({ chore, err }, 'a chore fails; it is tried again');
        state.isFailing = true;
      };
      while (!signal.aborted) {
        /* eslint-disable no-await-in-loop -- one time after the other */
        if (await doOnce({ work, limitMs, onFailure, signal })) {
          succeeded.set({ chore }, Date.now() / 1_000);
          if (state.isFailing) log.info({ chore }, 'a chore succeeds again');
          state.isFailing = false;
        }
        await waitMs(everyMs, signal);
        /* eslint-enable no-await-in-loop */
      }
    },
  };
}

interface Once {
  readonly work: () => Promise<void>;
  readonly limitMs: number;
  readonly onFailure: (error: unknown) => void;
  readonly signal: AbortSignal;
}

/** True when it has succeeded, however late; false when it has failed or we are asked to stop. */
async function doOnce({ work, limitMs, onFailure, signal }: Once): Promise<boolean> {
  let result: 'succeeded' | 'failed' | undefined;
  const done = new AbortController();
  const working = work().then(
    () => {
      result = 'succeeded';
    },
    (error: unknown) => {
      result = 'failed';
      onFailure(error);
    },
  );
  void working.then(() => {
    done.abort();
  });
  const either = AbortSignal.any([signal, done.signal]);
  while (result === undefined && !signal.aborted) {
    // eslint-disable-next-line no-await-in-loop -- one limit after the other
    await waitMs(limitMs, either);
    if (!either.aborted) onFailure(new Error(`not done within ${limitMs} ms`));
  }
  return result === 'succeeded';
}
