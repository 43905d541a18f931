const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

function end(): void {
  process.exit(0);
}

/**
 * For the first line of a service's main file, before it imports what it runs: loading needs a second, and a process that
 * is asked to stop meanwhile has nothing to close. It ends with 0; without this the signal itself would end it.
 */
export function endWhileLoading(): void {
  for (const signal of SIGNALS) process.on(signal, end);
}

/** From now on another listener handles the signals. */
export function hasLoaded(): void {
  for (const signal of SIGNALS) process.off(signal, end);
}
