/** One measured step of an axis: medians over the repetitions. */
export interface GrowthPoint {
  /** Position on the axis. */
  readonly x: number;
  /** Label, where the number is not enough. */
  readonly label?: string;
  /** The bounded figure. */
  readonly value: number;
  readonly unit: string;
  /** Events, or rows of the outbox, a second. */
  readonly perSecond?: number;
  /** Microseconds of CPU an event, or a row, by process. */
  readonly cpuMicros?: Readonly<Record<string, number>>;
  /** Other figures, by name with unit. */
  readonly further?: Readonly<Record<string, number>>;
  readonly repetitions: number;
}

export interface GrowthResult {
  readonly axis: string;
  /** Meaning of `x`. */
  readonly what: string;
  readonly bound: string;
  readonly size: 'short' | 'long';
  readonly points: readonly GrowthPoint[];
  readonly verdict: 'within' | 'beyond' | 'not measured';
  /** Result in words, with its figure. */
  readonly note: string;
}
