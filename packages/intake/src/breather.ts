import { setImmediate } from 'node:timers/promises';

/** So long may work keep the event loop from everything else: heartbeats, answers to /livez. */
const BUDGET_MS = 10;
/** Before a step that may take several times the budget by itself: what came before it is not added to that. */
const BUDGET_BEFORE_LONG_MS = 1;

/**
 * To be awaited between steps of work that does not wait by itself, however many there are: lets the
 * event loop go on when 10 ms have passed since it last could, and after 1 ms where a long step is next.
 */
export function breather(): (next?: 'long') => Promise<void> {
  let sinceMs = performance.now();
  return async (next) => {
    const budgetMs = next === 'long' ? BUDGET_BEFORE_LONG_MS : BUDGET_MS;
    if (performance.now() - sinceMs < budgetMs) return;
    await setImmediate();
    sinceMs = performance.now();
  };
}
