/** A long-lived part: it ends soon after its signal is aborted, also when it was aborted before. */
export type Part = (signal: AbortSignal) => Promise<void>;

/**
 * Runs parts side by side until all have ended. When one fails the others are asked to stop and are
 * waited for, so that nothing is used after its owner has closed it. A part that ends by itself ends
 * alone.
 *
 * @throws the first failure; what fails later, on the way out, is its consequence
 */
export async function runTogether(signal: AbortSignal, parts: readonly Part[]): Promise<void> {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  let first: { readonly error: unknown } | undefined;
  const running = parts.map(async (part) => {
    try {
      await part(either);
    } catch (error) {
      first ??= { error };
      stop.abort();
    }
  });
  await Promise.all(running);
  if (first !== undefined) throw first.error;
}
