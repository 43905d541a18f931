const FIRST_MS = 5_000;
const MAX_MS = 3_600_000;

/**
 * How long an item waits after its tries have failed: 5 s after the first, twice as long after each other, an hour at most.
 *
 * @param attempt - how many tries have begun, from 1
 */
export function backOffMs(attempt: number): number {
  return Math.min(MAX_MS, FIRST_MS * 2 ** Math.max(0, attempt - 1));
}
