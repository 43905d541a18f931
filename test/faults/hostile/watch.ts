import { eventually } from '../../support/eventually.ts';

/** Polls a service continuously, as its orchestrator and its monitoring do. */
export interface Watch extends AsyncDisposable {
  /** Number of polls that /livez did not answer with 200. */
  readonly unanswered: () => number;
  /** Maximum event loop lag in milliseconds since the last call. */
  readonly readLagMs: () => Promise<number>;
  /** Text of the last /metrics. */
  readonly metrics: () => string;
}

const EVERY_MS = 50;
/** Sampling interval of the lag metric, which is part of its value. */
const RESOLUTION_MS = 10;
const ANSWER_MAX_MS = 10_000;
const LAG = /^nodejs_eventloop_lag_max_seconds ([\d.e+-]+)$/m;

export function watchService(address: string): Watch {
  let lagMs = 0;
  let unanswered = 0;
  let polls = 0;
  let metrics = '';
  const end = new AbortController();
  const poll = async (): Promise<void> => {
    const signal = AbortSignal.timeout(ANSWER_MAX_MS);
    const alive = await fetch(`${address}/livez`, { signal }).then(
      ({ ok }) => ok,
      () => false,
    );
    if (!alive) unanswered += 1;
    metrics = await fetch(`${address}/metrics`, { signal }).then(
      (answer) => answer.text(),
      () => metrics,
    );
    // Each scrape resets the maximum.
    lagMs = Math.max(lagMs, Number(LAG.exec(metrics)?.[1] ?? 0) * 1_000 - RESOLUTION_MS);
    polls += 1;
  };
  const watching = (async () => {
    while (!end.signal.aborted) {
      await poll();
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  })();
  return {
    unanswered: () => unanswered,
    metrics: () => metrics,
    readLagMs: async () => {
      const before = polls;
      await eventually(
        'a poll of the service',
        () => polls,
        (now) => now > before + 1,
      );
      const maxMs = lagMs;
      lagMs = 0;
      return maxMs;
    },
    [Symbol.asyncDispose]: async () => {
      end.abort();
      await watching;
    },
  };
}
