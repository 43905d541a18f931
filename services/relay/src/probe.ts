import { setTimeout } from 'node:timers/promises';
import { type Db, type LaneStart, outboxRange, probeOutbox } from '@latchkey/postgres';
import { withDeadline } from '@latchkey/publication';

const DEADLINE_MS = 30_000;
/** Between two looks at an outbox in which there was nothing new: grows from the one to the other. */
const FIRST_MS = 5;
const MAX_MS = 20;
/** Whoever waits does other things now and then, also where nothing is new. */
const WAIT_MAX_MS = 250;

/** Looks for what is new in the outbox: once for all topics that wait, not once for each. */
export interface Probe {
  /**
   * Resolves when there is something behind one of these, when asked to stop, or after a quarter of a second.
   * Rejects when looking failed.
   */
  news(starts: readonly LaneStart[], signal: AbortSignal): Promise<void>;
}

interface Waiting {
  readonly starts: readonly LaneStart[];
  readonly untilMs: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export function createProbe(db: Db): Probe {
  const waiting = new Set<Waiting>();
  let isLooking = false;

  async function lookWhileSomebodyWaits(): Promise<void> {
    let pauseMs = FIRST_MS;
    while (waiting.size > 0) {
      // eslint-disable-next-line no-await-in-loop -- looks, pauses, looks again
      await setTimeout(pauseMs);
      // eslint-disable-next-line no-await-in-loop -- see above
      const found = await lookFor([...waiting]);
      pauseMs = found ? FIRST_MS : Math.min(MAX_MS, pauseMs * 2);
    }
    isLooking = false;
  }

  /** True if there was something for one of them. */
  async function lookFor(asked: readonly Waiting[]): Promise<boolean> {
    if (asked.length === 0) return false;
    try {
      const range = outboxRange(
        asked.flatMap(({ starts }) => starts),
        0,
      );
      const looking = db.run(probeOutbox, range);
      const rows = await withDeadline(looking, DEADLINE_MS, 'looking into the outbox');
      return tell(asked, new Set(rows.map(({ lane }) => lane)));
    } catch (error) {
      for (const one of asked) one.reject(error);
      return false;
    }
  }

  return {
    async news(starts, signal) {
      const { promise, resolve, reject } = Promise.withResolvers<undefined>();
      const stop = () => {
        resolve(undefined);
      };
      const own = { starts, untilMs: performance.now() + WAIT_MAX_MS, resolve: stop, reject };
      signal.addEventListener('abort', stop);
      if (signal.aborted) stop();
      waiting.add(own);
      if (!isLooking) {
        isLooking = true;
        void lookWhileSomebodyWaits();
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

function tell(asked: readonly Waiting[], lanes: ReadonlySet<number>): boolean {
  const nowMs = performance.now();
  let found = false;
  for (const one of asked) {
    const hasNews = one.starts.some(({ lane }) => lanes.has(lane));
    found ||= hasNews;
    if (hasNews || one.untilMs <= nowMs) one.resolve();
  }
  return found;
}
