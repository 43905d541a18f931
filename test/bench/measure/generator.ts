import { spawnService } from '../../support/process.ts';
import type { TestTopics } from '../../support/topics.ts';
import type { Workload } from '../workload/workload.ts';

export interface GeneratorOptions {
  readonly brokers: readonly string[];
  readonly topics: TestTopics['names'];
  readonly workload: Workload;
  readonly perSecond: number;
}

/** Result of a schedule: event number `n` was due at `beginMs + n / perSecond` (`nowMs`). */
export interface ScheduleKept {
  readonly beginMs: number;
  readonly lateMaxMs: number;
}

/** A sender in a separate process. Disposing ends it. */
export interface Generator extends AsyncDisposable {
  /** Sends everything on schedule. Resolves when the brokers have stored it. */
  run(): Promise<ScheduleKept>;
}

export type GeneratorMessage =
  | { readonly kind: 'ready' }
  | ({ readonly kind: 'done' } & ScheduleKept);

/** Resolves when the events are generated and the sender is connected. */
export async function openGenerator(options: GeneratorOptions): Promise<Generator> {
  const ready = Promise.withResolvers<undefined>();
  const done = Promise.withResolvers<ScheduleKept>();
  const child = await spawnService('generator', {
    script: 'test/bench/measure/generator-process.ts',
    args: [JSON.stringify(options)],
    env: {},
    onMessage: (received) => {
      const message = received as GeneratorMessage;
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
