import { setImmediate } from 'node:timers/promises';
import { Hands } from './hands.ts';

/** How much is taken together. */
export interface GatheringLimits {
  readonly maxEvents: number;
  readonly maxBytes: number;
  /** Takings at once; those that take longer than a second are not counted. */
  readonly atOnce: number;
}

/** One thing to be taken. */
export interface Gathered {
  readonly events: number;
  readonly bytes: number;
}

/** Takes parts together, and says of each what becomes of it, in their order. Never rejects as a whole. */
export type Take<P, R> = (parts: readonly P[]) => Promise<readonly Promise<R>[]>;

/** A part that was added. */
export interface Added<R> {
  /** Resolves when the part's turn has come; until then it only waits. */
  readonly turn: Promise<undefined>;
  /** What became of it. */
  readonly taken: Promise<R>;
}

interface Waiting<P, R> {
  readonly part: P;
  readonly begin: (value: undefined) => void;
  readonly resolve: (taken: Promise<R>) => void;
}

/**
 * Parts that wait at the same moment are taken together, as many as the limits allow: the less time there
 * is for each, the more of them there are. A part beyond the limits is taken alone.
 */
export class Gathering<P extends Gathered, R> {
  readonly #limits: GatheringLimits;
  readonly #take: Take<P, R>;
  readonly #hands: Hands;
  readonly #waiting: Waiting<P, R>[] = [];
  #isHandingOut = false;

  constructor(limits: GatheringLimits, take: Take<P, R>) {
    this.#limits = limits;
    this.#take = take;
    this.#hands = new Hands(limits.atOnce);
  }

  add(part: P): Added<R> {
    const { promise: turn, resolve: begin } = Promise.withResolvers<undefined>();
    const { promise: taken, resolve } = Promise.withResolvers<R>();
    this.#waiting.push({ part, begin, resolve });
    if (!this.#isHandingOut) void this.#handOut();
    return { turn, taken };
  }

  async #handOut(): Promise<void> {
    this.#isHandingOut = true;
    // What the same fetch has brought comes in this turn.
    await setImmediate();
    while (this.#waiting.length > 0) {
      // eslint-disable-next-line no-await-in-loop -- no more at once than allowed
      await this.#hands.free();
      void this.#hands.until(this.#takeNext());
    }
    this.#isHandingOut = false;
  }

  async #takeNext(): Promise<void> {
    const together = this.#waiting.splice(0, this.#countOfNext());
    for (const { begin } of together) begin(undefined);
    const each = await this.#take(together.map(({ part }) => part));
    for (const [index, { resolve }] of together.entries()) resolve(each[index] as Promise<R>);
    await Promise.allSettled(each);
  }

  /** As many as fit, and one at least. */
  #countOfNext(): number {
    let count = 0;
    let events = 0;
    let bytes = 0;
    for (const { part } of this.#waiting) {
      events += part.events;
      bytes += part.bytes;
      if (count > 0 && (events > this.#limits.maxEvents || bytes > this.#limits.maxBytes)) break;
      count += 1;
    }
    return count;
  }
}
