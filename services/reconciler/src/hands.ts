/** What takes longer is not counted any more, so that the others go on. */
const SLOW_MS = 1_000;

/** How much is in hand at once. */
export class Hands {
  readonly #maxCount: number;
  readonly #waiting: (() => void)[] = [];
  #count = 0;

  constructor(maxCount: number) {
    this.#maxCount = maxCount;
  }

  /** Resolves when one more may be taken in hand; it is counted from then on. Others wait in their order. */
  async free(): Promise<void> {
    if (this.#count < this.#maxCount) {
      this.#count += 1;
      return;
    }
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  /** Gives back the slot taken with `free` once `work` settles, or after one second. */
  async until(work: Promise<unknown>): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<undefined>();
    const timer = setTimeout(resolve, SLOW_MS, undefined);
    await Promise.race([Promise.allSettled([work]), late]);
    clearTimeout(timer);
    const next = this.#waiting.shift();
    if (next === undefined) this.#count -= 1;
    else next();
  }
}
