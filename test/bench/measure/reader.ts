import { spawnService } from '../../support/process.ts';

/** What was read of one partition of an output topic. */
export interface ReadLane {
  /** `<topic>/<partition>` */
  readonly lane: string;
  readonly count: number;
  /** Of ids and positions, as `checkOutbox` adds them up; 0 where messages bear no position. */
  readonly digest: number;
}

export interface ReaderReport {
  readonly lanes: readonly ReadLane[];
  /** Gaps, inversions, repetitions: the first ten. */
  readonly faults: readonly string[];
  /** When which effect was seen: see `Sample`; empty unless they were asked for. */
  readonly samples: readonly Sample[];
}

/** The key of a verification or the id of an event that caused an effect, and when it was seen (`nowMs`). */
export type Sample = readonly [key: string, seenMs: number];

/** A `read_committed` consumer in a process of its own, from the start of the topics. Disposing ends it. */
export interface BenchReader extends AsyncDisposable {
  readonly pid: number;
  readonly read: () => number;
  /** When the last of them was read (`nowMs`). */
  readonly lastMs: () => number;
  report(): Promise<ReaderReport>;
}

export interface ReaderOptions {
  readonly brokers: readonly string[];
  readonly topics: readonly string[];
  /** Messages bear positions that are contiguous; otherwise ids are kept and compared. */
  readonly isNumbered: boolean;
  /** Notes when each effect is seen. */
  readonly takesSamples?: boolean;
}

/** What the process says. */
export type ReaderMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'read'; readonly read: number; readonly lastMs: number }
  | { readonly kind: 'report'; readonly report: ReaderReport };

/** Resolves when it has joined its group. */
export async function openBenchReader(options: ReaderOptions): Promise<BenchReader> {
  const ready = Promise.withResolvers<undefined>();
  const reported = Promise.withResolvers<ReaderReport>();
  let [read, lastMs] = [0, 0];
  const hear = (message: ReaderMessage): void => {
    if (message.kind === 'ready') ready.resolve(undefined);
    else if (message.kind === 'report') reported.resolve(message.report);
    else ({ read, lastMs } = message);
  };
  const child = await spawnService('reader', {
    script: 'test/bench/measure/reader-process.ts',
    args: [JSON.stringify(options)],
    env: {},
    onMessage: (message) => {
      hear(message as ReaderMessage);
    },
  });
  const ended = child.exited.then(() => {
    throw new Error(`the reader ended:\n${child.output()}`);
  });
  await Promise.race([ready.promise, ended]);
  ended.catch(() => undefined);
  return {
    pid: child.pid,
    read: () => read,
    lastMs: () => lastMs,
    report: () => {
      child.send({ kind: 'report' });
      return Promise.race([reported.promise, ended]);
    },
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}
