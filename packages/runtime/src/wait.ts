import { setTimeout as delay } from 'node:timers/promises';

/** The longest delay of a timer; beyond it Node fires at once. */
const LONGEST_MS = 2_147_483_647;

/**
 * Resolves after `ms` milliseconds, or as soon as `signal` is aborted. Never rejects.
 * Waits longer than 24 days are cut to that.
 */
export async function waitMs(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(Math.min(ms, LONGEST_MS), undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error; // no other rejection is known
  }
}
