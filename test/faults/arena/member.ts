import { type ChildService, spawnService, startService } from '../../support/process.ts';
import type { FromChild, Point, Proceeding, ToChild } from '../failpoints/points.ts';

export type Role = 'reconciler' | 'relay';

/** One service of the arena. Each restart replaces its process. */
export interface Member extends AsyncDisposable {
  readonly role: Role;
  readonly name: string;
  readonly process: () => ChildService;
  /** The process stops at this point when it reaches it. */
  arm(point: Point): void;
  /** Removes the failpoint; a process that is stopped at it continues. */
  disarm(): void;
  /** Resolves when the process has reached the armed point. */
  readonly reached: () => Promise<Member>;
  proceed(how: Proceeding): void;
  /** Starts a new process after the last one has ended. Resolves when it is ready. */
  restart(): Promise<void>;
  /** As `restart`, without waiting for readiness: the new process may refuse to start. */
  relaunch(): Promise<void>;
  /** Everything that the processes of this member have written. */
  readonly output: () => string;
}

/** Starts a service with failpoints. */
export async function startMember(
  role: Role,
  name: string,
  env: Readonly<Record<string, string>>,
): Promise<Member> {
  let reachedPoint = Promise.withResolvers<Member>();
  const written: string[] = [];
  const start = (begin = startService): Promise<ChildService> =>
    begin(role, {
      env,
      script: `test/faults/failpoints/${role}.ts`,
      onMessage: (message) => {
        if ((message as Partial<FromChild>).reached !== undefined) reachedPoint.resolve(member);
      },
    });
  let process = await start();
  const sendToChild = (message: ToChild): void => {
    process.send(message);
  };
  const replace = async (begin: typeof startService): Promise<void> => {
    written.push(process.output());
    await process[Symbol.asyncDispose]();
    process = await start(begin);
  };
  const member: Member = {
    role,
    name,
    process: () => process,
    arm: (point) => {
      reachedPoint = Promise.withResolvers<Member>();
      sendToChild({ arm: point });
    },
    disarm: () => {
      sendToChild({ disarm: true });
    },
    reached: () => reachedPoint.promise,
    proceed: (how) => {
      sendToChild({ proceed: how });
    },
    restart: () => replace(startService),
    relaunch: () => replace(spawnService),
    output: () => written.join('') + process.output(),
    [Symbol.asyncDispose]: () => process[Symbol.asyncDispose](),
  };
  return member;
}

/** True where a relay publishes this topic (any topic if none is given), according to its log. */
export function isPublishing(member: Member, wanted?: string): boolean {
  const owned = new Map<unknown, boolean>();
  for (const line of member.process().output().split('\n')) {
    if (!line.startsWith('{')) continue;
    const { topic, msg } = JSON.parse(line) as { readonly topic?: string; readonly msg?: string };
    if (msg === 'topic acquired') owned.set(topic, true);
    if (msg === 'standing by') owned.set(topic, false);
  }
  return wanted === undefined ? [...owned.values()].includes(true) : owned.get(wanted) === true;
}
