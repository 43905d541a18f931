import { setTimeout } from 'node:timers/promises';
import { isDenial } from '../errors/not-allowed.ts';
import { waitUntilOffsetsReady } from '../topics/wait-until-offsets-ready.ts';
import { namesOf } from './assignment.ts';
import type { ConsumerContext } from './consumer-context.ts';
import { locatePartitions } from './locate-partitions.ts';
import { processFetched } from './process-batch.ts';

/** Batches of one fetch that are processed concurrently; more wait for each other. */
const CONCURRENT_BATCHES = 64;
/** Between two tries while a right is missing. */
const DENIED_MS = 5_000;

/** Connects and subscribes, as soon as the brokers allow it. Does nothing more once the consumer is leaving. */
export async function subscribe(context: ConsumerContext): Promise<void> {
  const { consumer, admin, topics } = context;
  await Promise.all([admin.connect(), consumer.connect()]);
  // Otherwise the first group of a new cluster finds no coordinator, and kafkajs crashes.
  if (!(await waitUntilAllowed(context))) return;
  await consumer.subscribe({ topics: [...topics], fromBeginning: true });
}

/** Returns false when the consumer is leaving. */
async function waitUntilAllowed(context: ConsumerContext): Promise<boolean> {
  const { admin, groupId, topics, leaving } = context;
  const [topic = ''] = topics;
  for (;;) {
    /* eslint-disable no-await-in-loop -- retries until the right is granted */
    try {
      return await waitUntilOffsetsReady(admin, groupId, [topic], leaving);
    } catch (error) {
      if (leaving.aborted || !isDenial(error)) throw error;
      reportDenial(context);
    }
    // Ends early when the consumer is leaving, which the next try finds.
    await setTimeout(DENIED_MS, undefined, { signal: leaving }).catch(() => undefined);
    /* eslint-enable no-await-in-loop */
  }
}

export async function runConsumer(context: ConsumerContext): Promise<void> {
  // kafkajs would run a disconnected consumer, which then stays a member for ever.
  if (context.leaving.aborted) return;
  await context.consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: false,
    // All partitions of a fetch: the reader limits how many it processes at once.
    partitionsConsumedConcurrently: CONCURRENT_BATCHES,
    eachBatch: (fetched) =>
      processFetched(context, fetched.batch, () => fetched.heartbeat()).catch(context.fail),
  });
}

/** Locates partitions after each assignment, restarts after a denial, and reports both. */
export function watchGroup(context: ConsumerContext): void {
  const { consumer, assignment, control, log, watch } = context;
  const { GROUP_JOIN, REBALANCING, CRASH, FETCH } = consumer.events;
  consumer.on(GROUP_JOIN, ({ payload }) => {
    const leased = assignment.replace(payload.memberAssignment);
    // Synchronously: kafkajs does not wait for this listener before the first fetch.
    control.pause(leased);
    log.info({ partitions: namesOf(leased) }, 'partitions assigned');
    watch?.assigned(leased);
    void locatePartitions(context, leased);
  });
  consumer.on(FETCH, () => watch?.fetched());
  consumer.on(REBALANCING, () => {
    assignment.end();
    watch?.lost('the group is rebalancing');
  });
  consumer.on(CRASH, ({ payload }) => {
    if (payload.restart) {
      assignment.end();
      watch?.lost('the brokers were unreachable; joining again');
    } else if (isDenial(payload.error)) void restartDenied(context);
    else context.fail(payload.error);
  });
}

/** kafkajs gives up after a denial, but the right may be granted. */
async function restartDenied(context: ConsumerContext): Promise<void> {
  const { assignment, consumer, leaving, fail } = context;
  assignment.end();
  reportDenial(context);
  await setTimeout(DENIED_MS, undefined, { signal: leaving }).catch(() => undefined);
  if (leaving.aborted) return;
  try {
    await consumer.connect();
    await runConsumer(context);
  } catch (error) {
    fail(error);
  }
}

function reportDenial({ log, groupId, topics, watch, onDenied }: ConsumerContext): void {
  const needed = `Read on group ${groupId} and on topics ${topics.join(', ')}`;
  log.warn({ groupId, needed }, 'the brokers do not allow reading; trying again');
  watch?.lost(`the brokers do not allow it: needed is ${needed}`);
  onDenied?.(needed);
}
