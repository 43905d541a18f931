import { type Db, refuseTopic, type Session, saveParkedCode } from '@latchkey/postgres';
import { type KafkaAccess, type Refusal, withTopicLock } from '@latchkey/publication';
import { backoff, waitMs } from '@latchkey/runtime';
import { acquire } from './acquire.ts';
import type { Probe } from './probe.ts';
import { createProgress } from './progress.ts';
import { type Ending, publishTopic } from './publish-topic.ts';
import type { TopicReport } from './report.ts';
import { createSizing, type Sizing, type TransactionLimits } from './sizing.ts';

/** Between two looks at a topic that was refused: it goes on by itself once it is mended. */
const RECHECK_MS = 5_000;
/** A term that lasted so long was sound: what ends it is waited out from the beginning. */
const SOUND_MS = 10_000;
const RETRY = { firstMs: 100, maxMs: 5_000 };

/** An output topic that this relay may publish. */
export interface RelayedTopic {
  readonly topic: string;
  /** Its lanes, by partition; at least one. */
  readonly lanes: readonly [number, ...number[]];
}

/** Where the relay reads and writes. */
export interface Servers extends KafkaAccess {
  readonly db: Db;
  /** Shared by all topics. */
  readonly probe: Probe;
}

/**
 * Relays one topic until asked to stop: stands by, takes over, publishes. After an error everything
 * is thrown away, also the lock, and begun anew; what was published is known to Kafka alone.
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
      const ending = await holdOneTerm(relayed, servers, { sizing, report, confirmed }, signal);
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

/** What one term knows of those before it. */
interface Known {
  readonly sizing: Sizing;
  readonly report: TopicReport;
  /** What the last term ended with, if that was a refusal. */
  readonly confirmed: Refusal | undefined;
}

function holdOneTerm(
  relayed: RelayedTopic,
  servers: Servers,
  known: Known,
  signal: AbortSignal,
): Promise<Ending | undefined> {
  const { sizing, report } = known;
  return servers.db.session((session) =>
    withTopicLock(session, relayed.lanes[0], report.standingBy, signal, async () => {
      const ending = await publishOneTerm(relayed, servers, session, known, signal);
      await settle(ending, relayed, session, sizing);
      if (ending.kind === 'refused') report.refused(ending.refusal);
      return ending;
    }),
  );
}

/** Takes the topic over and publishes it, for as long as nothing stands in the way. */
async function publishOneTerm(
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

/** Notes for operators, and for the next term, what ended this one. */
async function settle(
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
