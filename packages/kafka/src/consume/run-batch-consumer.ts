import { setTimeout } from 'node:timers/promises';
import type { Admin, Consumer, Kafka } from 'kafkajs';
import { showPlaceholders } from '../fetch/replace-decoder.ts';
import type { KafkaLog } from '../kafka-log.ts';
import { isDenial } from '../not-allowed.ts';
import { untilOffsetsReady } from '../until-offsets-ready.ts';
import { Assignment, namesOf } from './assignment.ts';
import { commitOffsets } from './commit-offsets.ts';
import { type FetchControl, fetchControlOf } from './fetch-control.ts';
import type { GroupWatch } from './group-watch.ts';
import { locatePartitions } from './locate.ts';
import { oneAtATime } from './one-at-a-time.ts';
import type { PartitionReading } from './partition-reading.ts';
import { settledWithin } from './settled-within.ts';
import { stopMisplaced } from './stop-misplaced.ts';
import { takeFetched } from './take.ts';

export interface BatchConsumerOptions {
  readonly groupId: string;
  /** They must exist. */
  readonly topics: readonly string[];
  /** Silence after which the partitions of a dead member are given to another. */
  readonly sessionTimeoutMs: number;
  /**
   * Of one partition in one fetch, as compressed. A larger record batch is fetched when its partition comes first.
   * What waits for its turn is four times as much for each broker, or its largest record batch; slow batches, one of
   * a partition at most, come on top.
   */
  readonly maxBytesPerPartition: number;
  /** Until a partition that was stopped is located again. */
  readonly relocateMs: number;
  /** Once aborted, brokers are waited for no longer, also not to leave the group. */
  readonly giveUp?: AbortSignal;
  readonly watch?: GroupWatch;
  /** Called with the missing right each time that the brokers refuse us. A caller that does not wait for the grant ends there. */
  readonly onDenied?: (needed: string) => void;
}

/** How long a fetch waits for news; also how soon a partition that was paused is fetched again. */
const MAX_WAIT_MS = 200;
/** Full ones in one fetch from one broker. Where more have a backlog, which of them come is left to chance: kafkajs shuffles. */
const PARTITIONS_PER_FETCH = 4;
/** Batches of one fetch that are taken at once; more of them wait for each other. */
const BATCHES_AT_ONCE = 64;
const COMMIT_EVERY_MS = 1_000;
/** Between two questions whether partitions are still read from where the reader stands. */
const ASK_EVERY_MS = 5_000;
/** Between a crash of kafkajs that waiting mends and the next try. */
const RESTART_MS = 500;
/** Between two looks whether a right that was lacking has been granted. */
const DENIED_MS = 5_000;
/** For the polite end: the last offsets, leaving the group. Without it the group waits for the session to end. */
const LEAVE_MS = 5_000;

/**
 * Reads topics as a member of a group until asked to stop. Kafka only shares out the partitions; where each is read
 * from is what `reading.locate` says, after every assignment. One batch of a partition is in hand at a time, and a
 * partition that is stopped or slow keeps neither the others nor the membership waiting. Resolves when the last
 * batches are out of hand and the group was left.
 *
 * @throws what `reading.take` rejected with, or what ended the consumer: the process should end then
 */
export async function runBatchConsumer(
  kafka: Kafka,
  reading: PartitionReading,
  options: BatchConsumerOptions,
  log: KafkaLog,
  signal: AbortSignal,
): Promise<void> {
  for (const topic of options.topics) showPlaceholders(topic);
  const end = endOf(signal);
  const leaving = new AbortController();
  const consumer = openConsumer(kafka, options, leaving.signal);
  const shared: Shared = {
    consumer,
    topics: options.topics,
    admin: kafka.admin(),
    assignment: new Assignment(),
    control: fetchControlOf(consumer),
    reading,
    log,
    watch: options.watch,
    onDenied: options.onDenied,
    fail: end.reject,
  };
  watchGroup(shared, leaving.signal);
  const stopTimers = startTimers(shared, options);
  const subscribed = subscribe(shared, options, leaving.signal);
  try {
    const started = subscribed.then(() => run(shared, leaving.signal));
    await Promise.race([started.then(() => end.promise), end.promise]);
  } finally {
    stopTimers();
    leaving.abort();
    await leave(shared, subscribed, options.giveUp);
  }
}

interface Shared {
  readonly consumer: Consumer;
  readonly topics: readonly string[];
  readonly admin: Admin;
  readonly assignment: Assignment;
  readonly control: FetchControl;
  readonly reading: PartitionReading;
  readonly log: KafkaLog;
  readonly watch: GroupWatch | undefined;
  readonly onDenied: BatchConsumerOptions['onDenied'];
  readonly fail: (error: unknown) => void;
}

/** Resolves when we are asked to stop; whoever finds that we cannot go on rejects it. */
function endOf(signal: AbortSignal): {
  readonly promise: Promise<undefined>;
  readonly reject: (error: unknown) => void;
} {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  promise.catch(() => undefined);
  const stop = (): void => {
    resolve(undefined);
  };
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  return { promise, reject };
}

function openConsumer(kafka: Kafka, options: BatchConsumerOptions, leaving: AbortSignal): Consumer {
  return kafka.consumer({
    groupId: options.groupId,
    sessionTimeout: options.sessionTimeoutMs,
    // Also how soon a member hears that the group has lost another.
    heartbeatInterval: Math.floor(options.sessionTimeoutMs / 8),
    rebalanceTimeout: Math.max(options.sessionTimeoutMs, 10_000),
    maxBytesPerPartition: options.maxBytesPerPartition,
    maxBytes: options.maxBytesPerPartition * PARTITIONS_PER_FETCH,
    minBytes: 1,
    maxWaitTimeInMs: MAX_WAIT_MS,
    allowAutoTopicCreation: false,
    readUncommitted: false,
    // Asked where brokers were away at a moment at which kafkajs does not try again: while it joins, or because one that
    // has just started knows of none. It joins again, which pauses and locates everything as any assignment does. Who
    // leaves while joining is told of a failure too: joining again would keep the process alive for ever.
    retry: { restartOnFailure: () => mayJoinAgain(leaving) },
  });
}

async function mayJoinAgain(leaving: AbortSignal): Promise<boolean> {
  if (!leaving.aborted) await setTimeout(RESTART_MS);
  return !leaving.aborted;
}

function watchGroup(shared: Shared, leaving: AbortSignal): void {
  const { consumer, watch } = shared;
  const { GROUP_JOIN, REBALANCING, CRASH, FETCH } = consumer.events;
  consumer.on(GROUP_JOIN, ({ payload }) => {
    const held = shared.assignment.replace(payload.memberAssignment);
    // At once: nothing waits for this listener, and the first fetch follows.
    shared.control.pause(held);
    shared.log.info({ partitions: namesOf(held) }, 'partitions assigned');
    watch?.assigned(held);
    void locatePartitions(shared, held);
  });
  consumer.on(FETCH, () => watch?.fetched());
  consumer.on(REBALANCING, () => {
    shared.assignment.end();
    watch?.away('the group shares out its partitions anew');
  });
  consumer.on(CRASH, ({ payload }) => {
    if (payload.restart) {
      shared.assignment.end();
      watch?.away('the brokers were away; joining again');
    } else if (isDenial(payload.error)) void startAgain(shared, payload.groupId, leaving);
    else shared.fail(payload.error);
  });
}

/** A right that is lacking may be granted: kafkajs itself would give up. */
async function startAgain(shared: Shared, groupId: string, leaving: AbortSignal): Promise<void> {
  shared.assignment.end();
  warnOfDenial(shared, groupId);
  await setTimeout(DENIED_MS, undefined, { signal: leaving }).catch(() => undefined);
  if (leaving.aborted) return;
  try {
    await shared.consumer.connect();
    await run(shared, leaving);
  } catch (error) {
    shared.fail(error);
  }
}

function warnOfDenial({ log, topics, watch, onDenied }: Shared, groupId: string): void {
  const needed = `Read on group ${groupId} and on topics ${topics.join(', ')}`;
  log.warn({ groupId, needed }, 'the brokers do not allow reading; trying again');
  watch?.away(`the brokers do not allow it: needed is ${needed}`);
  onDenied?.(needed);
}

async function subscribe(
  shared: Shared,
  { groupId, topics }: BatchConsumerOptions,
  leaving: AbortSignal,
): Promise<void> {
  const { consumer, admin } = shared;
  await Promise.all([admin.connect(), consumer.connect()]);
  // Without: the first group of a new cluster finds no coordinator, and kafkajs crashes.
  const [topic = ''] = topics;
  if (!(await untilMayRead(shared, groupId, topic, leaving))) return;
  await consumer.subscribe({ topics: [...topics], fromBeginning: true });
}

/** False when we leave first. */
async function untilMayRead(
  shared: Shared,
  groupId: string,
  topic: string,
  leaving: AbortSignal,
): Promise<boolean> {
  for (;;) {
    /* eslint-disable no-await-in-loop -- tries again until the right is granted */
    try {
      return await untilOffsetsReady(shared.admin, groupId, [topic], leaving);
    } catch (error) {
      if (leaving.aborted || !isDenial(error)) throw error;
      warnOfDenial(shared, groupId);
    }
    // Ends early when we leave, which the next look then tells.
    await setTimeout(DENIED_MS, undefined, { signal: leaving }).catch(() => undefined);
    /* eslint-enable no-await-in-loop */
  }
}

async function run(shared: Shared, leaving: AbortSignal): Promise<void> {
  // Who has left already would be a member for ever: kafkajs runs what was disconnected.
  if (leaving.aborted) return;
  await shared.consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: false,
    // All that one fetch has brought: how much of it is done at once is the reader's matter.
    partitionsConsumedConcurrently: BATCHES_AT_ONCE,
    eachBatch: (fetched) =>
      takeFetched(shared, fetched.batch, () => fetched.heartbeat()).catch(shared.fail),
  });
}

function startTimers(shared: Shared, { relocateMs }: BatchConsumerOptions): () => void {
  const { consumer, assignment, log } = shared;
  const timers = [
    setInterval(() => void locateStopped(shared), relocateMs),
    setInterval(
      oneAtATime(() => commitOffsets(consumer, assignment, log)),
      COMMIT_EVERY_MS,
    ),
    setInterval(
      oneAtATime(() => stopMisplaced(shared)),
      ASK_EVERY_MS,
    ),
  ];
  return () => {
    for (const timer of timers) clearInterval(timer);
  };
}

async function locateStopped(shared: Shared): Promise<void> {
  const { assignment } = shared;
  const stopped = assignment
    .all()
    .filter((held) => held.status === 'stopped' && assignment.mayWork(held));
  for (const held of stopped) held.status = 'locating';
  await locatePartitions(shared, stopped);
}

/** Waits for the batches in hand, however long; for the brokers only so long. */
async function leave(
  { consumer, admin, assignment, log }: Shared,
  subscribed: Promise<void>,
  giveUp?: AbortSignal,
): Promise<void> {
  await assignment.close();
  const farewell = async (): Promise<void> => {
    // What connects behind our back would stay connected.
    await settledWithin(LEAVE_MS / 2, Promise.allSettled([subscribed]), giveUp);
    await commitOffsets(consumer, assignment, log);
    await Promise.allSettled([consumer.disconnect(), admin.disconnect()]);
  };
  await settledWithin(LEAVE_MS, farewell(), giveUp);
}
