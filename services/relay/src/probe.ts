import { setTimeout } from 'node:timers/promises';
import { type Db, type LaneStart, outboxRange, probeOutbox } from '@latchkey/postgres';
import { withDeadline } from '@latchkey/publication';

const DEADLINE_MS = 30_000;
/** The pause between two polls of an outbox without new rows grows from the one to the other. */
const FIRST_MS = 5;
const MAX_MS = 20;
/** A caller regains control after this time, even without new rows. */
const WAIT_MAX_MS = 250;

/** Polls the outbox for new rows: once for all waiting topics, not once for each. */
export interface Probe {
  /**
   * Resolves when there is a row after one of these positions, when `signal` aborts, or after 250 ms. Rejects when the poll
   * fails.
   */
  waitForRows(starts: readonly LaneStart[], signal: AbortSignal): Promise<void>;
}

interface Waiting {
  readonly starts: readonly LaneStart[];
  readonly untilMs: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export function createProbe(db: Db): Probe {
  const waiting = new Set<Waiting>();
  let isPolling = false;

  async function pollWhileWaiting(): Promise<void> {
    let pauseMs = FIRST_MS;
    while (waiting.size > 0) {
      // eslint-disable-next-line no-await-in-loop -- one poll after the other
      await setTimeout(pauseMs);
      // eslint-disable-next-line no-await-in-loop -- see above
      const found = await pollOnce([...waiting]);
      pauseMs = found ? FIRST_MS : Math.min(MAX_MS, pauseMs * 2);
    }
    isPolling = false;
  }

  /** True if there was a row for one of them. */
  async function pollOnce(asked: readonly Waiting[]): Promise<boolean> {
    if (asked.length === 0) return false;
    try {
      const range = outboxRange(
        asked.flatMap(({ starts }) => starts),
        0,
      );
      const polling = db.run(probeOutbox, range);
      const rows = await withDeadline(polling, DEADLINE_MS, 'polling the outbox');
      return resolveWaiting(asked, new Set(rows.map(({ lane }) => lane)));
    } catch (error) {
      for (const one of asked) one.reject(error);
      return false;
    }
  }

  return {
    async waitForRows(starts, signal) {
      const { promise, resolve, reject } = Promise.withResolvers<undefined>();
      const stop = () => {
        resolve(undefined);
      };
      const own = { starts, untilMs: performance.now() + WAIT_MAX_MS, resolve: stop, reject };
      signal.addEventListener('abort', stop);
      if (signal.aborted) stop();
      waiting.add(own);
      if (!isPolling) {
        isPolling = true;
        void pollWhileWaiting();
      }
      try {
        await promise;
      } finally {
        waiting.delete(own);
        signal.removeEventListener('abort', stop);
      }
    },
  };
}

/** True if there is a row for one of them. */
function resolveWaiting(asked: readonly Waiting[], lanes: ReadonlySet<number>): boolean {
  const nowMs = performance.now();
  let found = false;
  for (const one of asked) {
    const hasRows = one.starts.some(({ lane }) => lanes.has(lane));
    found ||= hasRows;
    if (hasRows || one.untilMs <= nowMs) one.resolve();
  }
  return found;
}
