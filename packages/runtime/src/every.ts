import { backoff } from './backoff.ts';
import { waitMs } from './wait.ts';

const RETRY_FIRST_MS = 100;
const RETRY_MAX_MS = 5_000;

/** Work that is repeated until the process stops. */
export interface Loop {
  /** Pause between the end of a run and the start of the next. */
  readonly everyMs: number;
  /**
   * Each time that a run exceeds it, `onFailure` is called with an `OverdueError`; the run continues. Without it there
   * is no limit, and `every` waits for the run under way also after the signal is aborted.
   */
  readonly limitMs?: number;
  /** One run; runs never overlap. Resolves with `more` to be run again without a pause. */
  // eslint-disable-next-line @typescript-eslint/no-invalid-void-type -- most work returns nothing
  readonly work: () => Promise<'more' | void>;
  /** True for an error that ends the loop; `every` then rejects with it. By default no error does. */
  readonly isPermanent?: (error: unknown) => boolean;
  /** Called after each failure that is not permanent; `failures` counts from 1 since the last success. */
  readonly onFailure: (error: unknown, failures: number) => void;
  /** Called after each success, with the number of failures since the one before. */
  readonly onSuccess?: (failures: number) => void;
  /** From 0 up to 1; for the jitter of retries. */
  readonly random?: () => number;
}

/** A run has not ended within its limit. */
export class OverdueError extends Error {
  override readonly name = 'OverdueError';
}

type Result =
  | { readonly kind: 'done'; readonly hasMore: boolean }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'stopped' };

/**
 * Repeats the work until the signal is aborted, the first time at once. After a failure it retries with exponential
 * backoff and full jitter, from 100 ms or a tenth of `everyMs` up to `everyMs` or 5 s, whichever is longer. Failures that come after the abort
 * are not reported.
 *
 * Resolves soon after the abort, also where a run with a limit is still under way.
 *
 * @throws what `isPermanent` accepts
 */
export async function every(loop: Loop, signal: AbortSignal): Promise<void> {
  const maxMs = Math.max(loop.everyMs, RETRY_MAX_MS);
  const delays = backoff({ firstMs: firstRetryMs(loop.everyMs), maxMs }, loop.random);
  let failures = 0;
  const fail = (error: unknown): void => {
    failures += 1;
    loop.onFailure(error, failures);
  };
  while (!signal.aborted) {
    /* eslint-disable no-await-in-loop -- runs must not overlap */
    const result = await runOnce(loop, fail, signal);
    if (result.kind === 'stopped') return;
    if (result.kind === 'failed') {
      if (loop.isPermanent?.(result.error) === true) throw result.error;
      fail(result.error);
      await waitMs(delays.nextMs(), signal);
      continue;
    }
    loop.onSuccess?.(failures);
    failures = 0;
    delays.reset();
    if (!result.hasMore) await waitMs(loop.everyMs, signal);
    /* eslint-enable no-await-in-loop */
  }
}

/** The bound of the first retry. Work with a long pause is not retried at once: its server may be overloaded. */
export function firstRetryMs(everyMs: number): number {
  return Math.max(RETRY_FIRST_MS, everyMs / 10);
}

async function runOnce(
  { work, limitMs }: Loop,
  onOverdue: (error: OverdueError) => void,
  signal: AbortSignal,
): Promise<Result> {
  const running = settle(work, signal);
  if (limitMs === undefined) return running;
  const done = new AbortController();
  void running.then(() => {
    done.abort();
  });
  const either = AbortSignal.any([signal, done.signal]);
  for (;;) {
    // eslint-disable-next-line no-await-in-loop -- one limit after the other
    await waitMs(limitMs, either);
    if (either.aborted) return done.signal.aborted ? running : { kind: 'stopped' };
    onOverdue(new OverdueError(`not done within ${limitMs} ms`));
  }
}

async function settle(work: Loop['work'], signal: AbortSignal): Promise<Result> {
  try {
    return { kind: 'done', hasMore: (await work()) === 'more' };
  } catch (error) {
    return signal.aborted ? { kind: 'stopped' } : { kind: 'failed', error };
  }
}
