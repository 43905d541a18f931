const POLL_MS = 50;

/**
 * Polls `read` until its value is the expected one; works in hooks, too.
 *
 * @throws Error with the last value after `limitMs`
 */
export async function eventually<T>(
  what: string,
  read: () => T | Promise<T>,
  isExpected: (seen: T) => boolean,
  limitMs = 60_000,
): Promise<T> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const seen = await read();
    if (isExpected(seen)) return seen;
    if (Date.now() > deadline) {
      throw new Error(`${what}: still ${JSON.stringify(seen)} after ${limitMs} ms`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
