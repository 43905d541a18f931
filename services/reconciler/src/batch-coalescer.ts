import { setImmediate } from 'node:timers/promises';
import { Slots } from './slots.ts';

/** How much is processed together. */
export interface CoalescingLimits {
  readonly maxEvents: number;
  readonly maxBytes: number;
  /** Calls of `process` at once; those that take longer than a second are not counted. */
  readonly atOnce: number;
}

/** The size of a part. */
export interface Sized {
  readonly events: number;
  readonly bytes: number;
}

/** Processes parts together; resolves to one promise for each, in their order. Never rejects as a whole. */
export type ProcessTogether<P, R> = (parts: readonly P[]) => Promise<readonly Promise<R>[]>;

/** A part that was added. */
export interface Added<R> {
  /** Resolves when processing of the part begins. */
  readonly turn: Promise<undefined>;
  readonly result: Promise<R>;
}

interface Waiting<P, R> {
  readonly part: P;
  readonly begin: (value: undefined) => void;
  readonly resolve: (result: Promise<R>) => void;
}

/**
 * Processes parts together that wait at the same moment, as many as the limits allow: the less time there is for each, the
 * more of them are together. A part beyond the limits is processed alone.
 */
export class BatchCoalescer<P extends Sized, R> {
  readonly #limits: CoalescingLimits;
  readonly #process: ProcessTogether<P, R>;
  readonly #slots: Slots;
  readonly #waiting: Waiting<P, R>[] = [];
  #isRunning = false;

  constructor(limits: CoalescingLimits, process: ProcessTogether<P, R>) {
    this.#limits = limits;
    this.#process = process;
    this.#slots = new Slots(limits.atOnce);
  }

  add(part: P): Added<R> {
    const { promise: turn, resolve: begin } = Promise.withResolvers<undefined>();
    const { promise: result, resolve } = Promise.withResolvers<R>();
    this.#waiting.push({ part, begin, resolve });
    if (!this.#isRunning) void this.#run();
    return { turn, result };
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    // Parts of the same fetch arrive in this turn of the event loop.
    await setImmediate();
    while (this.#waiting.length > 0) {
      // eslint-disable-next-line no-await-in-loop -- no more at once than allowed
      await this.#slots.acquire();
      void this.#slots.releaseAfter(this.#processNext());
    }
    this.#isRunning = false;
  }

  async #processNext(): Promise<void> {
    const together = this.#waiting.splice(0, this.#countNext());
    for (const { begin } of together) begin(undefined);
    const results = await this.#process(together.map(({ part }) => part));
    for (const [index, { resolve }] of together.entries()) resolve(results[index] as Promise<R>);
    await Promise.allSettled(results);
  }

  /** As many as fit, and one at least. */
  #countNext(): number {
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
