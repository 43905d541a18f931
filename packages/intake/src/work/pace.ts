/** How fast items of one kind are tried, under one policy and build. */
export interface Pace {
  /** Different items that failed one after the other, three at most. */
  readonly failed: readonly string[];
  /** While three have failed: the next try of any item. */
  readonly nextTryAtMs: number | null;
}

const FAILED_MAX_COUNT = 3;
const SLOWED_EVERY_MS = 60_000;

/** Nothing has failed since something succeeded. */
export const FULL_SPEED: Pace = { failed: [], nextTryAtMs: null };

/** One item a minute is tried: so many different ones have failed that the fault is hardly theirs. */
export function isSlowed({ failed }: Pace): boolean {
  return failed.length >= FAILED_MAX_COUNT;
}

/** False where the next try is not due yet. */
export function mayTry(pace: Pace, nowMs: number): boolean {
  return !isSlowed(pace) || pace.nextTryAtMs === null || pace.nextTryAtMs <= nowMs;
}

/** The pace while an item is tried: the next try comes a minute later. */
export function paceOnTry(pace: Pace, nowMs: number): Pace {
  return isSlowed(pace) ? { ...pace, nextTryAtMs: nowMs + SLOWED_EVERY_MS } : pace;
}

/** The pace after an item has failed; a success leads to `FULL_SPEED`. */
export function paceOnFailure(pace: Pace, itemId: string, nowMs: number): Pace {
  const isKnown = pace.failed.includes(itemId) || isSlowed(pace);
  const failed = isKnown ? pace.failed : [...pace.failed, itemId];
  return paceOnTry({ failed, nextTryAtMs: pace.nextTryAtMs }, nowMs);
}
