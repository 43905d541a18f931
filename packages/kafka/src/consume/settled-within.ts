/**
 * Resolves when `work` is settled, the time is over or the signal is aborted, at the first of these. Rejects if `work`
 * does before that.
 */
export async function settledWithin(
  limitMs: number,
  work: Promise<unknown>,
  giveUp?: AbortSignal,
): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const isLate = (): void => {
    resolve(undefined);
  };
  const timer = setTimeout(isLate, limitMs);
  giveUp?.addEventListener('abort', isLate);
  if (giveUp?.aborted === true) isLate();
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    giveUp?.removeEventListener('abort', isLate);
  }
}
