import { inject } from 'vitest';
import { highWaterBytes } from '../../bench/measure/processes.ts';
import type { TestDatabase } from '../../support/create-database.ts';
import { spawnService } from '../../support/process.ts';
import { PRODUCTION_ENV } from '../../support/production-env.ts';
import type { TestTopics } from '../../support/topics.ts';

const LOOK_EVERY_MS = 200;
const DONE_LIMIT_MS = 150_000;
const WHOLE_LIMIT_MS = 1_800_000;
const OUTPUT_MAX_CHARACTERS = 3_000;
const ANSWER_MAX_MS = 5_000;
const HEAP = /^nodejs_heap_size_used_bytes ([\d.e+]+)$/m;

/** One reconciler with the memory limits of the image, started once. Disposing kills it. */
export interface LimitedReconciler extends AsyncDisposable {
  /**
   * Resolves when the answer is yes.
   *
   * @throws Error with the end of its output, when the process ends before
   */
  until(what: string, isDone: () => Promise<boolean>): Promise<void>;
  /** Peak resident memory so far, and the largest heap that was seen in use, in MB. */
  peakMb(): Promise<{ readonly resident: number; readonly heap: number }>;
}

export async function startLimited(
  database: TestDatabase,
  topics: TestTopics,
): Promise<LimitedReconciler> {
  const child = await spawnService('reconciler', {
    env: {
      ...PRODUCTION_ENV,
      DATABASE_URL: database.url,
      KAFKA_BROKERS: inject('brokers').join(','),
      GROUP_ID: topics.names['workforce-events'],
      OUTPUT_PARTITIONS: '3',
      SESSION_TIMEOUT_SECONDS: '6',
      READ_THROUGH_MARGIN_SECONDS: '1',
      INSTALLATION: 'test',
      ...topics.env,
    },
  });
  let hasEnded = false;
  let heapBytes = 0;
  void child.exited.then(() => {
    hasEnded = true;
  });
  const failed = (what: string, how: string): Error =>
    new Error(`${what}: ${how}:\n${child.output().slice(-OUTPUT_MAX_CHARACTERS)}`);
  return {
    until: async (what, isDone) => {
      const isWhole = process.env['FAULTS_RECORDS'] === 'whole';
      const deadline = Date.now() + (isWhole ? WHOLE_LIMIT_MS : DONE_LIMIT_MS);
      while (!(await isDone())) {
        if (hasEnded) throw failed(what, 'the reconciler has ended');
        if (Date.now() > deadline) throw failed(what, 'still not');
        heapBytes = Math.max(heapBytes, await readHeapBytes(child.address));
        await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
      }
      if (hasEnded) throw failed(what, 'the reconciler has ended');
    },
    peakMb: async () => ({
      resident: Math.round(((await highWaterBytes(child.pid)) ?? Number.NaN) / 1e6),
      heap: Math.round(heapBytes / 1e6),
    }),
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}

/** 0 when there is no answer. */
async function readHeapBytes(address: string): Promise<number> {
  const limit = AbortSignal.timeout(ANSWER_MAX_MS);
  const text = await fetch(`${address}/metrics`, { signal: limit }).then(
    (answer) => answer.text(),
    () => '',
  );
  return Number(HEAP.exec(text)?.[1] ?? 0);
}
