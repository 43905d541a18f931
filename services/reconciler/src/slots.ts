/** Work that takes longer gives its slot back, so that other work can start. */
const SLOW_MS = 1_000;

/** Limits how much work runs at once. */
export class Slots {
  readonly #maxCount: number;
  readonly #waiting: (() => void)[] = [];
  #count = 0;

  constructor(maxCount: number) {
    this.#maxCount = maxCount;
  }

  /** Resolves when the caller has a slot. Callers get slots in the order of their calls. */
  async acquire(): Promise<void> {
    if (this.#count < this.#maxCount) {
      this.#count += 1;
      return;
    }
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  /** Releases an acquired slot once `work` settles, or after one second. */
  async releaseAfter(work: Promise<unknown>): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<undefined>();
    const timer = setTimeout(resolve, SLOW_MS, undefined);
    await Promise.race([Promise.allSettled([work]), late]);
    clearTimeout(timer);
    const next = this.#waiting.shift();
    if (next === undefined) this.#count -= 1;
    else next();
  }
}
