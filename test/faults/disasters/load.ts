import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../../support/eventually.ts';
import type { Arena } from '../arena/arena.ts';
import type { Ledger } from '../oracle/ledger.ts';
import { generateWorkload } from '../workload/generate.ts';
import { LIMIT_MS } from './limits.ts';

/** Events that come in all the time, everything among them that senders do. */
export interface Load extends AsyncDisposable {
  /** Resolves when nothing is being sent any more, until `resume`. */
  pause(): Promise<void>;
  resume(): void;
  /** Sends at once, also while it is paused. */
  wave(): Promise<void>;
  /** Resolves when messages were published that were not when it was called. */
  flows(): Promise<void>;
}

/** About 30 deliveries every half a second. */
const WAVE = { persons: 6, verifications: 1, endedCalls: false } as const;
const SHARES = { conflictShare: 0.02, poisonShare: 0.02, reorderWindow: 50 } as const;
const EVERY_MS = 500;
const FLOWING_COUNT = 30;

/** Starts sending; whatever is sent is entered in the ledger. */
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
  looping.catch(() => undefined); // seen at the end
  return {
    pause: async () => {
      isPaused = true;
      await sending;
    },
    resume: () => {
      isPaused = false;
    },
    wave,
    flows: async () => {
      const before = await published(arena);
      const isMore = (now: number): boolean => now >= before + FLOWING_COUNT;
      await eventually(`messages above ${before}`, () => published(arena), isMore, LIMIT_MS);
    },
    [Symbol.asyncDispose]: async () => {
      isEnding = true;
      await looping;
    },
  };
}

/** As far as the relays have noted; 0 while the database is away. */
async function published({ database }: Arena): Promise<number> {
  const [row] = await database
    .query<{ total: number }>(
      'select coalesce(sum(published_through), 0)::float8 as total from relay_position',
    )
    .catch(() => []);
  return row?.total ?? 0;
}
