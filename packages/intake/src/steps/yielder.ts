import { setImmediate } from 'node:timers/promises';

/** How long work may delay everything else in the event loop: heartbeats, answers to /livez. */
const BUDGET_MS = 10;
/** Before a step that may take several times the budget by itself. */
const BUDGET_BEFORE_LONG_MS = 1;

/** To be awaited between the steps of work; `long`: the next step is a long one. */
export type Yielder = (next?: 'long') => Promise<void>;

/**
 * Makes work share the event loop that does not wait by itself: each call lets the event loop run if 10 ms have passed
 * since it last could, or 1 ms where a long step is next.
 */
export function createYielder(): Yielder {
  let sinceMs = performance.now();
  return async (next) => {
    const budgetMs = next === 'long' ? BUDGET_BEFORE_LONG_MS : BUDGET_MS;
    if (performance.now() - sinceMs < budgetMs) return;
    await setImmediate();
    sinceMs = performance.now();
  };
}
