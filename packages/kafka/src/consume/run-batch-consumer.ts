import type { Kafka } from 'kafkajs';
import type { KafkaLog } from '../connection/kafka-log.ts';
import { showPlaceholders } from '../patches/replace-decoder.ts';
import { Assignment } from './assignment.ts';
import { commitOffsets } from './commit-offsets.ts';
import type { ConsumerContext } from './consumer-context.ts';
import { createFetchControl } from './fetch-control.ts';
import { runConsumer, subscribe, watchGroup } from './join-group.ts';
import { locatePartitions } from './locate-partitions.ts';
import { type BatchConsumerOptions, openConsumer } from './open-consumer.ts';
import type { PartitionReading } from './partition-reading.ts';
import { settleWithin } from './settle-within.ts';
import { skipWhileRunning } from './skip-while-running.ts';
import { stopMisplaced } from './stop-misplaced.ts';

const COMMIT_EVERY_MS = 1_000;
/** Between two checks for misplaced partitions. */
const CHECK_EVERY_MS = 5_000;
/** To commit the last offsets and leave the group. Without leaving, the group waits for the session timeout. */
const LEAVE_MS = 5_000;

/**
 * Reads topics as a member of a group until `signal` is aborted. The group only assigns partitions: `reading.locate`
 * returns where each is read from, after every assignment. One batch of a partition is processed at a time, and a
 * stopped or slow partition delays neither the others nor heartbeats. Resolves when the last batches are done and the
 * consumer has left the group.
 *
 * @throws the error that `reading.process` rejected with, or that ended the consumer: the process should exit then
 */
export async function runBatchConsumer(
  kafka: Kafka,
  reading: PartitionReading,
  options: BatchConsumerOptions,
  log: KafkaLog,
  signal: AbortSignal,
): Promise<void> {
  for (const topic of options.topics) showPlaceholders(topic);
  const end = createEnd(signal);
  const leaving = new AbortController();
  const consumer = openConsumer(kafka, options, leaving.signal);
  const context: ConsumerContext = {
    consumer,
    groupId: options.groupId,
    topics: options.topics,
    admin: kafka.admin(),
    assignment: new Assignment(),
    control: createFetchControl(consumer),
    reading,
    log,
    watch: options.watch,
    onDenied: options.onDenied,
    leaving: leaving.signal,
    fail: end.reject,
  };
  watchGroup(context);
  const stopTimers = startTimers(context, options);
  const subscribed = subscribe(context);
  try {
    const started = subscribed.then(() => runConsumer(context));
    await Promise.race([started.then(() => end.promise), end.promise]);
  } finally {
    stopTimers();
    leaving.abort();
    await leave(context, subscribed, options.giveUp);
  }
}

/** A promise that resolves when `signal` is aborted, and that an error can reject. */
function createEnd(signal: AbortSignal): {
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

function startTimers(context: ConsumerContext, { relocateMs }: BatchConsumerOptions): () => void {
  const { consumer, assignment, log } = context;
  const timers = [
    setInterval(() => void locateStopped(context), relocateMs),
    setInterval(
      skipWhileRunning(() => commitOffsets(consumer, assignment, log)),
      COMMIT_EVERY_MS,
    ),
    setInterval(
      skipWhileRunning(() => stopMisplaced(context)),
      CHECK_EVERY_MS,
    ),
  ];
  return () => {
    for (const timer of timers) clearInterval(timer);
  };
}

async function locateStopped(context: ConsumerContext): Promise<void> {
  const { assignment } = context;
  const stopped = assignment
    .all()
    .filter((leased) => leased.status === 'stopped' && assignment.isActive(leased));
  for (const leased of stopped) leased.status = 'locating';
  await locatePartitions(context, stopped);
}

/** Waits for running batches without a limit, and for the brokers up to `LEAVE_MS`. */
async function leave(
  { consumer, admin, assignment, log }: ConsumerContext,
  subscribed: Promise<void>,
  giveUp?: AbortSignal,
): Promise<void> {
  await assignment.close();
  const disconnect = async (): Promise<void> => {
    // A connection that opens later would stay open.
    await settleWithin(LEAVE_MS / 2, Promise.allSettled([subscribed]), giveUp);
    await commitOffsets(consumer, assignment, log);
    await Promise.allSettled([consumer.disconnect(), admin.disconnect()]);
  };
  await settleWithin(LEAVE_MS, disconnect(), giveUp);
}
