import { pingSession, releaseTopicLock, type Session, tryTopicLock } from '@latchkey/postgres';
import { every, waitMs } from '@latchkey/runtime';

const STANDBY_MS = 1_000;
const PING_MS = 1_000;
/** The server ends a session that holds a topic and was silent for so long. */
const SILENCE_MS = 6_000;

/**
 * Runs `work` while this session holds the lock of a topic, identified by its first lane; until then
 * it stands by. Resolves with undefined when it was asked to stop before.
 *
 * The lock keeps two relays from fencing each other in turns. It protects nothing: a relay that has
 * lost it without knowing is kept from writing by Kafka.
 */
export async function holdTopic<T>(
  session: Session,
  firstLane: number,
  onStandby: () => void,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T | undefined> {
  if (!(await standBy(session, firstLane, onStandby, signal))) return undefined;
  const stopPings = new AbortController();
  const ping = async (): Promise<void> => {
    await session.run(pingSession, {});
  };
  // Its failures are not reported: on a lost session the next statement of `work` fails, too.
  const pings = { everyMs: PING_MS, work: ping, onFailure: () => undefined };
  void every(pings, stopPings.signal);
  try {
    return await work();
  } finally {
    stopPings.abort();
    // Without a session there is no lock either.
    await session.run(releaseTopicLock, { firstLane }).catch(() => undefined);
  }
}

/** True once the lock is held; false when asked to stop. */
async function standBy(
  session: Session,
  firstLane: number,
  onStandby: () => void,
  signal: AbortSignal,
): Promise<boolean> {
  let announced = false;
  while (!signal.aborted) {
    // eslint-disable-next-line no-await-in-loop -- asks until it is this one's turn
    const [answer] = await session.run(tryTopicLock, { firstLane, silenceMs: SILENCE_MS });
    if (answer?.held === true) return true;
    if (!announced) onStandby();
    announced = true;
    // eslint-disable-next-line no-await-in-loop -- see above
    await waitMs(STANDBY_MS, signal);
  }
  return false;
}
