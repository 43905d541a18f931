import {
  acquireTransactionalProducer,
  type KafkaLog,
  type KafkaSettings,
  type TopicAdmin,
  type TransactionalProducer,
} from '@latchkey/kafka';

/** An open transaction of a relay that vanished holds up readers for so long, if nobody takes over. */
export const TRANSACTION_TIMEOUT_MS = 15_000;
/** Below the transaction's own time-out: an open one holds up readers of every partition in it. */
export const TRANSACTION_DEADLINE_MS = 10_000;

/** What taking over a topic needs of Kafka. */
export interface KafkaAccess {
  readonly kafkaSettings: KafkaSettings;
  readonly admin: TopicAdmin;
  readonly log: KafkaLog;
  /** The real one if left out; fault tests put their failpoints in between. */
  readonly acquireProducer?: typeof acquireTransactionalProducer;
}

/** The same for all who publish the topic: whoever begins last fences the others. */
export function transactionalIdOf(topic: string): string {
  return `latchkey-relay.${topic}`;
}

/**
 * Makes the caller the only one that can publish the topic. Whoever did is fenced, and what it left
 * open is settled; only then are the committed positions final.
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
