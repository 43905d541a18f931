import { backoff } from './backoff.ts';
import { waitMs } from './wait.ts';

const FIRST_MS = 100;
const MAX_MS = 5_000;

export interface RetryOptions {
  /** Ends the waiting: the call rejects with the signal's reason. */
  readonly signal: AbortSignal;
  /** True for an error that a retry cannot repair: thrown to the caller at once. */
  readonly isPermanent: (error: unknown) => boolean;
  /** Called after every failure, before the delay; `failures` counts them from 1. */
  readonly onFailure: (error: unknown, failures: number) => void;
  /** Called once when the work has succeeded after failures. */
  readonly onRecovery?: (failures: number) => void;
  /** Upper bound of a delay; 5 s by default. */
  readonly maxMs?: number;
  readonly random?: () => number;
}

/**
 * Runs `work` until it succeeds, with backoff and full jitter and without a limit: for a database or a
 * broker that is unreachable for an unknown time. Returns the result of `work`.
 *
 * @throws what `work` threw if it is permanent, or the signal's reason once it is aborted
 */
export async function retryForever<T>(work: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { signal, isPermanent, onFailure } = options;
  const maxMs = options.maxMs ?? MAX_MS;
  const delays = backoff({ firstMs: Math.min(FIRST_MS, maxMs), maxMs }, options.random);
  for (let failures = 0; ; failures += 1) {
    signal.throwIfAborted();
    try {
      // eslint-disable-next-line no-await-in-loop -- one try after the other
      const result = await work();
      if (failures > 0) options.onRecovery?.(failures);
      return result;
    } catch (error) {
      if (isPermanent(error)) throw error;
      signal.throwIfAborted();
      onFailure(error, failures + 1);
    }
    // eslint-disable-next-line no-await-in-loop -- one try after the other
    await waitMs(delays.nextMs(), signal);
  }
}
