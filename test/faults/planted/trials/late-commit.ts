import { eventually } from '../../../support/eventually.ts';
import { type Arena, openArena, type Servers } from '../../arena/arena.ts';
import { countPublishFailures } from '../../arena/failures.ts';
import type { Member } from '../../arena/member.ts';
import { createLedger } from '../../oracle/ledger.ts';
import { judgeArena } from '../../sweep/campaign.ts';
import { generateWorkload } from '../../workload/generate.ts';
import { drain, type TrialFinding } from './drain.ts';

/** Only the producer of this topic has failpoints. */
const TOPIC = 'latchkey.access.v1';
const ATTEMPTS_MAX_COUNT = 5;
const LIMIT_MS = 30_000;

/**
 * A relay that was stopped before its commit loses its topic, resumes and commits while its successor
 * acquires the topic. The successor must not publish the committed messages again.
 *
 * @throws Error when in every attempt the stopped relay was too late to commit, or its successor had to retry
 */
export async function lateCommit(servers: Servers): Promise<readonly TrialFinding[]> {
  const env = { FAILPOINT_TOPIC: TOPIC };
  await using arena = await openArena(servers, { reconcilers: 1, relays: 2, partitions: 1, env });
  const ledger = createLedger();
  for (let attempt = 1; attempt <= ATTEMPTS_MAX_COUNT; attempt += 1) {
    const send = async (prefix: string): Promise<void> => {
      const records = createJoiners(attempt, prefix);
      ledger.sent(records);
      await arena.send(records);
    };
    const rivals = await stopBeforeCommit(arena, () => send(`late${attempt}`));
    const failures = countFailures(rivals.successor);
    const isLate = await commitLate(arena, rivals);
    // The late commit may have published everything: send more, so that the successor publishes after a possible duplicate.
    await send(`after${attempt}`);
    const found = [...(await drain(arena)), ...(await judgeArena(arena, ledger))];
    if (found.length > 0) return found;
    // A successor that had to retry has read its position again.
    if (isLate && countFailures(rivals.successor) === failures) return [];
  }
  throw new Error(`none of ${ATTEMPTS_MAX_COUNT} attempts had a late commit`);
}

function createJoiners(seed: number, prefix: string): ReturnType<typeof generateWorkload> {
  const only = { histories: 'joiners', conflictShare: 0, poisonShare: 0 } as const;
  return generateWorkload({ seed, prefix, persons: 20, ...only });
}

interface Rivals {
  readonly stopped: Member;
  readonly successor: Member;
}

/** Stops one relay right before its commit, and the other right before it acquires the topic. */
async function stopBeforeCommit(arena: Arena, send: () => Promise<void>): Promise<Rivals> {
  const relays = arena.of('relay');
  for (const relay of relays) relay.arm('offsets-sent');
  const reached = Promise.race(relays.map((relay) => relay.reached()));
  await send();
  const stopped = await reached;
  const successor = relays.find((relay) => relay !== stopped);
  if (successor === undefined) throw new Error('two relays are needed');
  successor.arm('acquiring');
  stopped.process().signal('SIGSTOP');
  await successor.reached();
  return { stopped, successor };
}

/** Resumes both relays. True if the stopped one committed before its successor resumed. */
async function commitLate(arena: Arena, { stopped, successor }: Rivals): Promise<boolean> {
  const failures = countFailures(stopped);
  const read = countPublished(arena);
  stopped.process().signal('SIGCONT');
  stopped.proceed('go');
  const isOver = (): boolean => countPublished(arena) > read || countFailures(stopped) > failures;
  await eventually('an end of the transaction', isOver, (over) => over, LIMIT_MS);
  const isLate = countPublished(arena) > read;
  successor.proceed('go');
  return isLate;
}

function countPublished(arena: Arena): number {
  return arena.messages().filter(({ topic }) => topic === 'access').length;
}

function countFailures(member: Member): number {
  return countPublishFailures(member.output(), TOPIC);
}
