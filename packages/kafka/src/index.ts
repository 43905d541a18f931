export type { Kafka } from 'kafkajs';
export { type KafkaLog, withoutInfo } from './connection/kafka-log.ts';
export { type KafkaSettings, openKafka } from './connection/open-kafka.ts';
export type { ConsumedBatch } from './consume/consumed-batch.ts';
export type { AssignedPartition, GroupWatch } from './consume/group-watch.ts';
export type { BatchConsumerOptions } from './consume/open-consumer.ts';
export type {
  PartitionLease,
  PartitionReading,
  PartitionToLocate,
  ProcessOutcome,
  UnreadableBatch,
} from './consume/partition-reading.ts';
export { type LogTail, readLogTail } from './consume/read-log-tail.ts';
export { type RecordRange, readRecords } from './consume/read-records.ts';
export { runBatchConsumer } from './consume/run-batch-consumer.ts';
export { isBrokerUnreachable } from './errors/is-broker-unreachable.ts';
export { isFenced } from './errors/is-fenced.ts';
export { installKafkajsPatches } from './patches/install.ts';
export { silenceTimerWarnings } from './patches/silence-timer-warnings.ts';
export {
  acquireTransactionalProducer,
  type OffsetToCommit,
  type TransactionalProducer,
  type TransactionalProducerOptions,
} from './produce/transactional-producer.ts';
export type { ConsumedRecord } from './protocol/consumed-record.ts';
export type { ProducedMessage } from './protocol/encoded-records.ts';
export { addPartitions, createMissingTopics, type TopicToCreate } from './topics/create-topics.ts';
export {
  describeShapes,
  describeTopics,
  type TopicDescription,
  type TopicSetting,
} from './topics/describe-topics.ts';
export { openAdmin, readClusterId, type TopicAdmin } from './topics/open-admin.ts';
export { LARGEST_MESSAGE_BYTES, refuseBrokenOutputs } from './topics/output-settings.ts';
export { ensureOutputTopics, type OutputTopicWanted } from './topics/output-topics.ts';
export { type OutputTopicKnown, planOutputTopic } from './topics/plan-output-topic.ts';
export {
  type CommittedOffset,
  type LogOffsets,
  readCommittedOffsets,
  readLogOffsets,
  readWrittenOffsets,
} from './topics/read-offsets.ts';
export { waitUntilOffsetsReady } from './topics/wait-until-offsets-ready.ts';
