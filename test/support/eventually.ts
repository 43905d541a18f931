const POLL_MS = 50;

/**
 * Waits until `look` sees what is expected; works in hooks, too.
 *
 * @throws Error with what was seen last when that takes too long
 */
export async function eventually<T>(
  what: string,
  look: () => T | Promise<T>,
  isExpected: (seen: T) => boolean,
  limitMs = 60_000,
): Promise<T> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const seen = await look();
    if (isExpected(seen)) return seen;
    if (Date.now() > deadline) {
      throw new Error(`${what}: still ${JSON.stringify(seen)} after ${limitMs} ms`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
