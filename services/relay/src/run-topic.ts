import { type Db, refuseTopic, type Session, saveParkedCode } from '@latchkey/postgres';
import { type KafkaAccess, type Refusal, withTopicLock } from '@latchkey/publication';
import { backoff, waitMs } from '@latchkey/runtime';
import { acquire } from './acquire.ts';
import type { Probe } from './probe.ts';
import { createProgress } from './progress.ts';
import { type Ending, publishTopic } from './publish-topic.ts';
import type { TopicReport } from './report.ts';
import { createSizing, type Sizing, type TransactionLimits } from './sizing.ts';

/** Between two checks of a refused topic: publishing resumes by itself once it is repaired. */
const RECHECK_MS = 5_000;
/** After a term of this length the back-off starts again from the shortest pause. */
const SOUND_MS = 10_000;
const RETRY = { firstMs: 100, maxMs: 5_000 };

/** An output topic that this relay may publish. */
export interface RelayedTopic {
  readonly topic: string;
  /** Its lanes, by partition; at least one. */
  readonly lanes: readonly [number, ...number[]];
}

/** The servers that a relay reads and writes. */
export interface Servers extends KafkaAccess {
  readonly db: Db;
  /** Shared by all topics. */
  readonly probe: Probe;
}

/**
 * Relays one topic until asked to stop: waits for its lock, acquires it, publishes. After an error it releases everything,
 * even the lock, and starts again; only Kafka knows what was published.
 */
export async function runTopic(
  relayed: RelayedTopic,
  servers: Servers,
  limits: TransactionLimits,
  report: TopicReport,
  signal: AbortSignal,
): Promise<void> {
  const pause = backoff(RETRY);
  let confirmed: Refusal | undefined;
  const sizing = createSizing(relayed.lanes.length, limits);
  report.starting();
  while (!signal.aborted) {
    const startedMs = performance.now();
    /* eslint-disable no-await-in-loop -- one term after the other */
    try {
      const ending = await runTerm(relayed, servers, { sizing, report, confirmed }, signal);
      pause.reset();
      confirmed = ending?.kind === 'refused' ? ending.refusal : undefined;
      if (ending?.kind === 'refused') await waitMs(RECHECK_MS, signal);
    } catch (error) {
      if (performance.now() - startedMs > SOUND_MS) pause.reset();
      report.failed(error);
      await waitMs(pause.nextMs(), signal);
    }
    /* eslint-enable no-await-in-loop */
  }
}

/** State that outlives a term. */
interface Known {
  readonly sizing: Sizing;
  readonly report: TopicReport;
  /** The refusal that ended the last term, if one did. */
  readonly confirmed: Refusal | undefined;
}

function runTerm(
  relayed: RelayedTopic,
  servers: Servers,
  known: Known,
  signal: AbortSignal,
): Promise<Ending | undefined> {
  const { sizing, report } = known;
  return servers.db.session((session) =>
    withTopicLock(session, relayed.lanes[0], report.standingBy, signal, async () => {
      const ending = await publishTerm(relayed, servers, session, known, signal);
      await recordEnding(ending, relayed, session, sizing);
      if (ending.kind === 'refused') report.refused(ending.refusal);
      return ending;
    }),
  );
}

/** Acquires the topic and publishes it until the term ends. */
async function publishTerm(
  { topic }: RelayedTopic,
  servers: Servers,
  session: Session,
  { sizing, report, confirmed }: Known,
  signal: AbortSignal,
): Promise<Ending> {
  const acquired = await acquire(servers, session, topic, confirmed);
  if (acquired.kind === 'refused') return acquired;
  await using producer = acquired.producer;
  sizing.parkOnly(acquired.parked);
  const { installation, clusterId, recommittedMsAgo } = acquired;
  const progress = createProgress(session, acquired.lanes);
  const term = {
    topic,
    installation,
    clusterId,
    session,
    producer,
    progress,
    probe: servers.probe,
    sizing,
    report,
    recommittedMsAgo,
  };
  return await publishTopic(term, signal);
}

/** Records the ending of a term, for operators and for the next term. */
async function recordEnding(
  ending: Ending,
  { topic }: RelayedTopic,
  session: Session,
  sizing: Sizing,
): Promise<void> {
  switch (ending.kind) {
    case 'stopped':
      return;
    case 'refused':
      await session.run(refuseTopic, { topic, ...ending.refusal });
      return;
    case 'too-large': {
      if (sizing.refused(ending.chunk, Date.now()) === 'halved') return;
      const { lane } = ending.chunk.reached;
      await session.run(saveParkedCode, { lane, code: 'MESSAGE_TOO_LARGE' });
    }
  }
}
