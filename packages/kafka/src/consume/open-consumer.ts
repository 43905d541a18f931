import { setTimeout } from 'node:timers/promises';
import type { Consumer, Kafka } from 'kafkajs';
import type { GroupWatch } from './group-watch.ts';

export interface BatchConsumerOptions {
  readonly groupId: string;
  /** They must exist. */
  readonly topics: readonly string[];
  /** Silence after which the partitions of a dead member are assigned to another. */
  readonly sessionTimeoutMs: number;
  /**
   * Compressed size of one partition in one fetch. A larger record batch is fetched when its partition comes first.
   * Batches that wait for a turn take four times as much for each broker, or its largest record batch; slow batches, at
   * most one for each partition, come on top.
   */
  readonly maxBytesPerPartition: number;
  /** The pause before a stopped partition is located again. */
  readonly relocateMs: number;
  /** Once aborted, the consumer does not wait for brokers, also not to leave the group. */
  readonly giveUp?: AbortSignal;
  readonly watch?: GroupWatch;
  /** Called with the missing right each time that the brokers deny us. A caller that does not wait for the grant stops. */
  readonly onDenied?: (needed: string) => void;
}

/** How long a fetch waits for new records; also the delay before a resumed partition is fetched. */
const MAX_WAIT_MS = 200;
/** Full ones in one fetch from one broker. If more have a backlog, kafkajs shuffles them. */
const PARTITIONS_PER_FETCH = 4;
/** Between a crash that kafkajs recovers from and the restart. */
const RESTART_MS = 500;

/** @param leaving - once aborted, a consumer that crashes does not restart */
export function openConsumer(
  kafka: Kafka,
  options: BatchConsumerOptions,
  leaving: AbortSignal,
): Consumer {
  return kafka.consumer({
    groupId: options.groupId,
    sessionTimeout: options.sessionTimeoutMs,
    // Also the delay until a member learns of a rebalance.
    heartbeatInterval: Math.floor(options.sessionTimeoutMs / 8),
    rebalanceTimeout: Math.max(options.sessionTimeoutMs, 10_000),
    maxBytesPerPartition: options.maxBytesPerPartition,
    maxBytes: options.maxBytesPerPartition * PARTITIONS_PER_FETCH,
    minBytes: 1,
    maxWaitTimeInMs: MAX_WAIT_MS,
    allowAutoTopicCreation: false,
    readUncommitted: false,
    // Called if brokers were unreachable when kafkajs does not retry: while it joins, or if a broker that just started
    // knows no others. It rejoins, and all partitions are located again as after any assignment. Also called if the
    // consumer leaves while it joins: rejoining would then keep the process alive for ever.
    retry: { restartOnFailure: () => mayRestart(leaving) },
  });
}

async function mayRestart(leaving: AbortSignal): Promise<boolean> {
  if (!leaving.aborted) await setTimeout(RESTART_MS);
  return !leaving.aborted;
}
