export interface BackoffOptions {
  /** The first delay is drawn below this; the bound doubles with each one. */
  readonly firstMs: number;
  /** No delay is drawn from above this. */
  readonly maxMs: number;
}

/** Delays between tries; each caller has its own. */
export interface Backoff {
  /** The next delay in whole milliseconds, from 0 up to its bound. */
  readonly nextMs: () => number;
  /** Begins again with the first bound. */
  readonly reset: () => void;
}

/**
 * Exponential backoff with full jitter: each delay is drawn evenly from 0 to a bound that doubles from
 * `firstMs` up to `maxMs`, so that those who failed together do not come back together.
 *
 * @param random - from 0 up to 1
 * @throws RangeError unless 1 <= firstMs <= maxMs
 */
export function backoff(options: BackoffOptions, random: () => number = Math.random): Backoff {
  const { firstMs, maxMs } = options;
  if (!(firstMs >= 1 && maxMs >= firstMs)) throw new RangeError('expected 1 <= firstMs <= maxMs');
  let boundMs = firstMs;
  return {
    nextMs: () => {
      const delayMs = Math.floor(random() * (boundMs + 1));
      boundMs = Math.min(maxMs, boundMs * 2);
      return delayMs;
    },
    reset: () => {
      boundMs = firstMs;
    },
  };
}
