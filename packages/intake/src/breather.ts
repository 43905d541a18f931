import { setImmediate } from 'node:timers/promises';

/** So long may work keep the event loop from everything else: heartbeats, answers to /livez. */
const BUDGET_MS = 10;

/**
 * To be awaited between steps of work that does not wait by itself, however many there are: lets the
 * event loop go on when 10 ms have passed since it last could.
 */
export function breather(): () => Promise<void> {
  let sinceMs = performance.now();
  return async () => {
    if (performance.now() - sinceMs < BUDGET_MS) return;
    await setImmediate();
    sinceMs = performance.now();
  };
}
