import { spawnService } from '../../support/process.ts';
import type { TestTopics } from '../../support/topics.ts';
import type { Workload } from '../workload/workload.ts';

export interface GeneratorOptions {
  readonly brokers: readonly string[];
  readonly topics: TestTopics['names'];
  readonly workload: Workload;
  readonly perSecond: number;
}

/** What came of a schedule: event number `n` was due at `beginMs + n / perSecond` (`nowMs`). */
export interface ScheduleKept {
  readonly beginMs: number;
  readonly lateMaxMs: number;
}

/** A sender in a process of its own. Disposing ends it. */
export interface Generator extends AsyncDisposable {
  /** Sends everything by the schedule; resolves when the brokers have it. */
  run(): Promise<ScheduleKept>;
}

export type GeneratorMessage =
  | { readonly kind: 'ready' }
  | ({ readonly kind: 'done' } & ScheduleKept);

/** Resolves when the events are made and the sender is connected. */
export async function openGenerator(options: GeneratorOptions): Promise<Generator> {
  const ready = Promise.withResolvers<undefined>();
  const done = Promise.withResolvers<ScheduleKept>();
  const child = await spawnService('generator', {
    script: 'test/bench/measure/generator-process.ts',
    args: [JSON.stringify(options)],
    env: {},
    onMessage: (said) => {
      const message = said as GeneratorMessage;
      if (message.kind === 'ready') ready.resolve(undefined);
      else done.resolve(message);
    },
  });
  const ended = child.exited.then(() => {
    throw new Error(`the generator ended:\n${child.output()}`);
  });
  ended.catch(() => undefined);
  await Promise.race([ready.promise, ended]);
  return {
    run: () => {
      child.send({ kind: 'go' });
      return Promise.race([done.promise, ended]);
    },
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}
