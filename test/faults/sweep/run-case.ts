import { setTimeout as sleep } from 'node:timers/promises';
import type { SentRecord } from '../../support/events.ts';
import type { Arena } from '../arena/arena.ts';
import { isPublishing, type Member, type Role } from '../arena/member.ts';
import { type Point, RELAY_POINTS } from '../failpoints/points.ts';
import type { FaultCase } from './case.ts';
import { isDuePoint, untilNoneIsDue } from './due.ts';

/** Longer than the session timeouts of the consumer group (6 s) and of the relay (6 s). */
const STOPPED_MS = 8_000;
const REACHED_LIMIT_MS = 60_000;
const DRAINED_LIMIT_MS = 90_000;

export interface CaseRun {
  /** Time from the fault to the next message at the reader. */
  readonly recoveryMs: number;
}

/**
 * Arms a failpoint while these records are processed, applies the action to the first process that
 * reaches it, and waits until everything is drained.
 *
 * @param records - of a failpoint of due work also persons who become due, see `becomingDue`
 * @throws Error when the point is never reached or the system does not drain
 */
export async function runCase(
  arena: Arena,
  { point, action }: FaultCase,
  records: readonly SentRecord[],
): Promise<CaseRun> {
  const armed = arena.of(roleOf(point));
  for (const member of armed) member.arm(point);
  const half = Math.ceil(records.length / 2);
  const reached = Promise.race(armed.map((member) => member.reached()));
  const displaced = await provokeTakeover(arena, point);
  await arena.send(records.slice(0, half));
  const victim = await withLimit(reached, `${point} was not reached`);
  for (const member of armed) if (member !== victim) member.disarm();
  const read = arena.messages().length;
  const startedMs = performance.now();
  const acting = Promise.all([
    applyAction(victim, action),
    isDuePoint(point) ? untilNoneIsDue(arena) : undefined,
  ]);
  // The other processes continue meanwhile.
  await arena.send(records.slice(half));
  const recoveryMs = await untilRead(arena, read, startedMs);
  await acting;
  await displaced?.restart();
  await arena.drained(DRAINED_LIMIT_MS);
  return { recoveryMs };
}

function roleOf(point: Point): Role {
  return (RELAY_POINTS as readonly Point[]).includes(point) ? 'relay' : 'reconciler';
}

/** Kills the publishing relay where the point is reached only by a takeover. */
async function provokeTakeover(arena: Arena, point: Point): Promise<Member | undefined> {
  if (point !== 'acquiring' && point !== 'acquired') return undefined;
  const active = arena.of('relay').find((relay) => isPublishing(relay));
  if (active === undefined) throw new Error('no relay publishes');
  active.disarm();
  await active.process().end('SIGKILL');
  return active;
}

async function applyAction(victim: Member, action: FaultCase['action']): Promise<void> {
  switch (action) {
    case 'kill':
      await victim.process().end('SIGKILL');
      await victim.restart();
      return;
    case 'stop':
      victim.process().signal('SIGSTOP');
      await sleep(STOPPED_MS);
      victim.proceed('go');
      victim.process().signal('SIGCONT');
      return;
    case 'cut':
    case 'error':
      victim.proceed(action);
  }
}

async function untilRead(arena: Arena, read: number, startedMs: number): Promise<number> {
  while (arena.messages().length <= read) {
    if (performance.now() - startedMs > DRAINED_LIMIT_MS)
      throw new Error('nothing was published again');

    await sleep(10);
  }
  return Math.round(performance.now() - startedMs);
}

async function withLimit<T>(work: Promise<T>, what: string): Promise<T> {
  const late = Symbol('late');
  const result = await Promise.race([work, sleep(REACHED_LIMIT_MS, late, { ref: false })]);
  if (result === late) throw new Error(`${what} within ${REACHED_LIMIT_MS} ms`);
  return result;
}
