import { eventually } from '../../support/eventually.ts';

/** Looks at a service all the time, as its orchestrator and its monitoring do. */
export interface Watch extends AsyncDisposable {
  /** Times that /livez did not answer with 200. */
  readonly unanswered: () => number;
  /** Milliseconds that its event loop was late at most since this was asked last. */
  readonly takeLagMs: () => Promise<number>;
  /** All of the last /metrics. */
  readonly metrics: () => string;
}

const EVERY_MS = 50;
/** The service looks at its event loop so often, and counts that in. */
const RESOLUTION_MS = 10;
const ANSWER_MAX_MS = 10_000;
const LAG = /^nodejs_eventloop_lag_max_seconds ([\d.e+-]+)$/m;

export function watchService(address: string): Watch {
  let lagMs = 0;
  let unanswered = 0;
  let looks = 0;
  let metrics = '';
  const end = new AbortController();
  const look = async (): Promise<void> => {
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
    // Each look at the metrics begins a new maximum.
    lagMs = Math.max(lagMs, Number(LAG.exec(metrics)?.[1] ?? 0) * 1_000 - RESOLUTION_MS);
    looks += 1;
  };
  const watching = (async () => {
    while (!end.signal.aborted) {
      await look();
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  })();
  return {
    unanswered: () => unanswered,
    metrics: () => metrics,
    takeLagMs: async () => {
      const before = looks;
      await eventually(
        'a look at the service',
        () => looks,
        (now) => now > before + 1,
      );
      const taken = lagMs;
      lagMs = 0;
      return taken;
    },
    [Symbol.asyncDispose]: async () => {
      end.abort();
      await watching;
    },
  };
}
