import { type EventIn, type Family, isOfFamily } from '@latchkey/contracts';
import type { Tx } from '@latchkey/postgres';
import type { ClaimedEvent, Claiming } from './claim.ts';
import { DecideFailedError } from './data-error.ts';
import type { Deciding } from './deciding.ts';
import type { Decided, Handler } from './handler.ts';
import type { Moment } from './moment.ts';
import { recordHandler } from './record/handler.ts';
import { verificationHandler } from './verification/handler.ts';

/** Events of one family that were locked and decided at a moment. */
export interface Processed extends Decided {
  readonly moment: Moment;
}

interface Processor {
  readonly retention: Claiming['retention'];
  readonly handsOver: boolean;
  /** @throws DecideFailedError with the error that a decision threw */
  readonly process: (
    tx: Tx,
    claimed: readonly ClaimedEvent[],
    deciding: Deciding,
  ) => Promise<Processed>;
}

/** Every family has its handler: one without does not compile. */
const PROCESSORS: Readonly<Record<Family, Processor>> = {
  record: processorOf('record', recordHandler),
  verification: processorOf('verification', verificationHandler),
};

/** How events of a family are processed. */
export function processorFor(family: Family): Processor {
  return PROCESSORS[family];
}

function processorOf<F extends Family, L>(family: F, handler: Handler<EventIn<F>, L>): Processor {
  const isOfThis = (one: ClaimedEvent): one is ClaimedEvent<EventIn<F>> =>
    isOfFamily<F>(one.event, family);
  return {
    retention: handler.retention,
    handsOver: handler.handsOver,
    process: async (tx, claimed, deciding) => {
      const own = claimed.filter(isOfThis);
      if (own.length < claimed.length) throw new RangeError('events of two families');
      const { locked, moment } = await handler.lock(tx, own, deciding);
      try {
        return { ...(await handler.decide(own, locked, deciding, moment)), moment };
      } catch (cause) {
        throw new DecideFailedError('deciding failed', { cause });
      }
    },
  };
}
