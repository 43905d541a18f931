import {
  acquireTransactionalProducer,
  type KafkaLog,
  type KafkaSettings,
  type TopicAdmin,
  type TransactionalProducer,
} from '@latchkey/kafka';

/** Kafka aborts an open transaction of a vanished relay after this time, unless another relay fences it before. */
export const TRANSACTION_TIMEOUT_MS = 15_000;
/** Below the transaction's own time-out: an open transaction blocks readers of all its partitions. */
export const TRANSACTION_DEADLINE_MS = 10_000;

/** Kafka, as acquiring and examining a topic need it. */
export interface KafkaAccess {
  readonly kafkaSettings: KafkaSettings;
  readonly admin: TopicAdmin;
  readonly log: KafkaLog;
  /** The real one if left out. Fault tests replace it. */
  readonly acquireProducer?: typeof acquireTransactionalProducer;
}

/** All relays and repairs of a topic use this id, so that the newest one fences the others. */
function transactionalIdOf(topic: string): string {
  return `latchkey-relay.${topic}`;
}

/**
 * Makes the caller the only process that can publish the topic: fences the previous producer and settles its open
 * transaction. Committed positions are final only after that.
 */
export function acquireTopic(kafka: KafkaAccess, topic: string): Promise<TransactionalProducer> {
  const options = {
    transactionalId: transactionalIdOf(topic),
    transactionTimeoutMs: TRANSACTION_TIMEOUT_MS,
    deadlineMs: TRANSACTION_DEADLINE_MS,
  };
  const acquireProducer = kafka.acquireProducer ?? acquireTransactionalProducer;
  return acquireProducer(kafka.kafkaSettings, options, kafka.log);
}
