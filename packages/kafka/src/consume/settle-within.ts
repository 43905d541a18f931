/** Resolves when `work` has resolved, the time is over or the signal is aborted. Rejects if `work` rejects before that. */
export async function settleWithin(
  limitMs: number,
  work: Promise<unknown>,
  giveUp?: AbortSignal,
): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const end = (): void => {
    resolve(undefined);
  };
  const timer = setTimeout(end, limitMs);
  giveUp?.addEventListener('abort', end);
  if (giveUp?.aborted === true) end();
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    giveUp?.removeEventListener('abort', end);
  }
}
