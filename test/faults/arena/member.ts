import { type ChildService, spawnService, startService } from '../../support/process.ts';
import type { FromChild, Point, Proceeding, ToChild } from '../failpoints/points.ts';

export type Role = 'reconciler' | 'relay';

/** One place in the arena, in which one process after the other does the same work. */
export interface Member extends AsyncDisposable {
  readonly role: Role;
  readonly name: string;
  readonly process: () => ChildService;
  /** The process stops at this point when it comes there. */
  arm(point: Point): void;
  /** It does not stop, and goes on if it has. */
  disarm(): void;
  /** Resolves when the process stands at a point that was armed. */
  readonly reached: () => Promise<Member>;
  proceed(how: Proceeding): void;
  /** Puts a new process in the place of one that has ended. Resolves when it is ready. */
  restart(): Promise<void>;
  /** As `restart`, without waiting for it to be ready: it may find that it cannot go on. */
  relaunch(): Promise<void>;
  /** Everything that processes in this place have written. */
  readonly output: () => string;
}

/** Starts a service with failpoints. */
export async function startMember(
  role: Role,
  name: string,
  env: Readonly<Record<string, string>>,
): Promise<Member> {
  let standing = Promise.withResolvers<Member>();
  const written: string[] = [];
  const start = (begin = startService): Promise<ChildService> =>
    begin(role, {
      env,
      script: `test/faults/failpoints/${role}.ts`,
      onMessage: (message) => {
        if ((message as Partial<FromChild>).reached !== undefined) standing.resolve(member);
      },
    });
  let process = await start();
  const say = (message: ToChild): void => {
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
      standing = Promise.withResolvers<Member>();
      say({ arm: point });
    },
    disarm: () => {
      say({ disarm: true });
    },
    reached: () => standing.promise,
    proceed: (how) => {
      say({ proceed: how });
    },
    restart: () => replace(startService),
    relaunch: () => replace(spawnService),
    output: () => written.join('') + process.output(),
    [Symbol.asyncDispose]: () => process[Symbol.asyncDispose](),
  };
  return member;
}

/** True where a relay publishes this topic, or at least one if none is given, as far as it has said. */
export function publishes(member: Member, wanted?: string): boolean {
  const holding = new Map<unknown, boolean>();
  for (const line of member.process().output().split('\n')) {
    if (!line.startsWith('{')) continue;
    const { topic, msg } = JSON.parse(line) as { readonly topic?: string; readonly msg?: string };
    if (msg === 'topic acquired') holding.set(topic, true);
    if (msg === 'standing by') holding.set(topic, false);
  }
  return wanted === undefined ? [...holding.values()].includes(true) : holding.get(wanted) === true;
}
