import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../../support/eventually.ts';
import type { Arena } from '../arena/arena.ts';
import type { Ledger } from '../oracle/ledger.ts';
import { generateWorkload } from '../workload/generate.ts';
import { LIMIT_MS } from './limits.ts';

/** A continuous stream of events, with duplicates, conflicts, poison and reordering. */
export interface Load extends AsyncDisposable {
  /** Stops sending until `resume`. Resolves when nothing is in flight. */
  pause(): Promise<void>;
  resume(): void;
  /** Sends one wave now, also while paused. */
  wave(): Promise<void>;
  /** Resolves when more messages are published than at the call. */
  untilPublished(): Promise<void>;
}

/** About 30 deliveries every half a second. */
const WAVE = { persons: 6, verifications: 1, endedCalls: false } as const;
const SHARES = { conflictShare: 0.02, poisonShare: 0.02, reorderWindow: 50 } as const;
const EVERY_MS = 500;
const PUBLISHED_COUNT = 30;

/** Starts sending. The ledger records every delivery. */
export function startLoad(arena: Arena, ledger: Ledger): Load {
  let waves = 0;
  let isPaused = false;
  let isEnding = false;
  let sending: Promise<void> = Promise.resolve();
  const wave = async (): Promise<void> => {
    waves += 1;
    const records = generateWorkload({ ...WAVE, ...SHARES, seed: waves, prefix: `d${waves}` });
    ledger.sent(records);
    await arena.send(records);
  };
  const loop = async (): Promise<void> => {
    while (!isEnding) {
      if (!isPaused) {
        sending = wave();
        await sending;
      }
      await sleep(EVERY_MS);
    }
  };
  const looping = loop();
  looping.catch(() => undefined); // awaited on disposal
  return {
    pause: async () => {
      isPaused = true;
      await sending;
    },
    resume: () => {
      isPaused = false;
    },
    wave,
    untilPublished: async () => {
      const before = await countPublished(arena);
      const isMore = (now: number): boolean => now >= before + PUBLISHED_COUNT;
      await eventually(`messages above ${before}`, () => countPublished(arena), isMore, LIMIT_MS);
    },
    [Symbol.asyncDispose]: async () => {
      isEnding = true;
      await looping;
    },
  };
}

/** Published messages as recorded by the relays; 0 while the database is unreachable. */
async function countPublished({ database }: Arena): Promise<number> {
  const [row] = await database
    .query<{ total: number }>(
      'select coalesce(sum(published_through), 0)::float8 as total from relay_position',
    )
    .catch(() => []);
  return row?.total ?? 0;
}
