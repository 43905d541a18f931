import { spawnService } from '../../support/process.ts';

/** Summary of the messages of one output partition. */
export interface ReadLane {
  /** `<topic>/<partition>` */
  readonly lane: string;
  readonly count: number;
  /** Digest of ids and positions, as in `checkOutbox`; 0 for messages without positions. */
  readonly digest: number;
}

export interface ReaderReport {
  readonly lanes: readonly ReadLane[];
  /** The first ten gaps, inversions and duplicates. */
  readonly faults: readonly string[];
  /** See `Sample`; empty unless requested. */
  readonly samples: readonly Sample[];
}

/** Key of a verification, or id of the event that caused an effect, and the time at which it was seen (`nowMs`). */
export type Sample = readonly [key: string, seenMs: number];

/** A `read_committed` consumer in a separate process, from the start of the topics. Disposing ends it. */
export interface BenchReader extends AsyncDisposable {
  readonly pid: number;
  readonly read: () => number;
  /** Time of the last read message (`nowMs`). */
  readonly lastMs: () => number;
  report(): Promise<ReaderReport>;
}

export interface ReaderOptions {
  readonly brokers: readonly string[];
  readonly topics: readonly string[];
  /** True: messages have contiguous positions; false: ids are compared. */
  readonly isNumbered: boolean;
  /** Records the time at which each effect is seen. */
  readonly withSamples?: boolean;
}

/** Messages of the process. */
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
