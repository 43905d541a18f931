/** One step of an axis, as it was measured: medians over the repetitions. */
export interface GrowthPoint {
  /** Where it stands on the axis. */
  readonly x: number;
  /** How it is called where the number says too little. */
  readonly label?: string;
  /** What the bound is about. */
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
  /** What is on the horizontal axis. */
  readonly what: string;
  readonly bound: string;
  readonly size: 'short' | 'long';
  readonly points: readonly GrowthPoint[];
  readonly verdict: 'within' | 'beyond' | 'not measured';
  /** What happened, with its figure. */
  readonly note: string;
}
