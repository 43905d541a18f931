import { eventually } from '../../../support/eventually.ts';
import { type Arena, openArena, type Servers } from '../../arena/arena.ts';
import { publishingFailures } from '../../arena/failures.ts';
import type { Member } from '../../arena/member.ts';
import { createLedger } from '../../oracle/ledger.ts';
import { judgeArena } from '../../sweep/campaign.ts';
import { generateWorkload } from '../../workload/generate.ts';
import { drain, type TrialFinding } from './drain.ts';

/** The failpoints of other topics are passed. */
const TOPIC = 'latchkey.access.v1';
const DUELS_MAX_COUNT = 5;
const LIMIT_MS = 30_000;

/**
 * A relay that was stopped before its commit loses its topic, and commits all the same while its
 * successor is on the way: the successor must not publish that again.
 *
 * @throws Error when the stopped relay came too late to commit, or its successor had to try again, each time
 */
export async function duel(servers: Servers): Promise<readonly TrialFinding[]> {
  const env = { FAILPOINT_TOPIC: TOPIC };
  await using arena = await openArena(servers, { reconcilers: 1, relays: 2, partitions: 1, env });
  const ledger = createLedger();
  for (let attempt = 1; attempt <= DUELS_MAX_COUNT; attempt += 1) {
    const send = async (prefix: string): Promise<void> => {
      const records = joiners(attempt, prefix);
      ledger.sent(records);
      await arena.send(records);
    };
    const challenged = await stopBeforeCommit(arena, () => send(`duel${attempt}`));
    const failures = failuresOf(challenged.successor);
    const isLate = await commitLate(arena, challenged);
    // The late commit may have published all there was: what comes after it is published behind what would be doubled.
    await send(`after${attempt}`);
    const found = [...(await drain(arena)), ...(await judgeArena(arena, ledger))];
    if (found.length > 0) return found;
    // One that had to try again has looked again.
    if (isLate && failuresOf(challenged.successor) === failures) return [];
  }
  throw new Error(`none of ${DUELS_MAX_COUNT} duels was fought to its end`);
}

function joiners(seed: number, prefix: string): ReturnType<typeof generateWorkload> {
  const only = { histories: 'joiners', conflictShare: 0, poisonShare: 0 } as const;
  return generateWorkload({ seed, prefix, persons: 20, ...only });
}

interface Challenged {
  readonly stopped: Member;
  readonly successor: Member;
}

/** One relay is stopped with a transaction that lacks only its commit, the other one about to take over. */
async function stopBeforeCommit(arena: Arena, send: () => Promise<void>): Promise<Challenged> {
  const relays = arena.of('relay');
  for (const relay of relays) relay.arm('offsets-sent');
  const reached = Promise.race(relays.map((relay) => relay.reached()));
  await send();
  const stopped = await reached;
  const successor = relays.find((relay) => relay !== stopped);
  if (successor === undefined) throw new Error('a duel needs two relays');
  successor.arm('acquiring');
  stopped.process().signal('SIGSTOP');
  await successor.reached();
  return { stopped, successor };
}

/** True if the stopped relay has committed before its successor went on. */
async function commitLate(arena: Arena, { stopped, successor }: Challenged): Promise<boolean> {
  const failures = failuresOf(stopped);
  const read = publishedOf(arena);
  stopped.process().signal('SIGCONT');
  stopped.proceed('go');
  const isOver = (): boolean => publishedOf(arena) > read || failuresOf(stopped) > failures;
  await eventually('an end of the transaction', isOver, (over) => over, LIMIT_MS);
  const isLate = publishedOf(arena) > read;
  successor.proceed('go');
  return isLate;
}

function publishedOf(arena: Arena): number {
  return arena.messages().filter(({ topic }) => topic === 'access').length;
}

function failuresOf(member: Member): number {
  return publishingFailures(member.output(), TOPIC);
}
