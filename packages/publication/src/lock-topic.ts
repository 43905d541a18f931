import { pingSession, releaseTopicLock, type Session, tryTopicLock } from '@latchkey/postgres';
import { every, waitMs } from '@latchkey/runtime';

const STANDBY_MS = 1_000;
const PING_MS = 1_000;
/** The server ends a session that has the lock and is silent for so long. */
const SILENCE_MS = 6_000;

/**
 * Waits for the advisory lock of a topic, runs `work` while this session has it, and releases it. Resolves with undefined
 * when `signal` aborts before the lock is acquired.
 *
 * The lock keeps two relays from fencing each other in turns. It is no protection: Kafka keeps a relay that has lost it
 * from writing.
 *
 * @param firstLane - identifies the topic
 * @param onStandby - called once, when another session has the lock
 */
export async function withTopicLock<T>(
  session: Session,
  firstLane: number,
  onStandby: () => void,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T | undefined> {
  if (!(await acquireLock(session, firstLane, onStandby, signal))) return undefined;
  const stopPings = new AbortController();
  // Sent without waiting for the answer: a late answer must not let the session fall silent.
  const ping = (): Promise<void> => {
    session.run(pingSession, {}).catch(() => undefined);
    return Promise.resolve();
  };
  // Failures are not reported: a lost session fails the next statement of `work`.
  const pings = { everyMs: PING_MS, work: ping, onFailure: () => undefined };
  void every(pings, stopPings.signal);
  try {
    return await work();
  } finally {
    stopPings.abort();
    // A lost session has lost its lock, too.
    await session.run(releaseTopicLock, { firstLane }).catch(() => undefined);
  }
}

/** True once the lock is acquired; false when asked to stop. */
async function acquireLock(
  session: Session,
  firstLane: number,
  onStandby: () => void,
  signal: AbortSignal,
): Promise<boolean> {
  let announced = false;
  while (!signal.aborted) {
    // eslint-disable-next-line no-await-in-loop -- tries until the lock is free
    const [answer] = await session.run(tryTopicLock, { firstLane, silenceMs: SILENCE_MS });
    if (answer?.acquired === true) return true;
    if (!announced) onStandby();
    announced = true;
    // eslint-disable-next-line no-await-in-loop -- see above
    await waitMs(STANDBY_MS, signal);
  }
  return false;
}
