export type { Kafka } from 'kafkajs';
export type { GroupWatch, ReadPartition } from './consume/group-watch.ts';
export type {
  Hold,
  LocatePartition,
  PartitionReading,
  Taken,
  UnreadableBatch,
} from './consume/partition-reading.ts';
export { type BatchConsumerOptions, runBatchConsumer } from './consume/run-batch-consumer.ts';
export type { ConsumedBatch, ConsumedRecord } from './consumed.ts';
export { isFenced } from './is-fenced.ts';
export { type KafkaLog, withoutInfo } from './kafka-log.ts';
export { isDenial } from './not-allowed.ts';
export { type KafkaSettings, openKafka } from './open-kafka.ts';
export { LARGEST_MESSAGE_BYTES, refuseBrokenOutputs } from './output-settings.ts';
export { ensureOutputTopics, type OutputTopicWanted } from './output-topics.ts';
export { type OutputTopicKnown, planOutputTopic } from './plan-output-topic.ts';
export type { ProducedMessage } from './produce/encoded-records.ts';
export { type LogTail, readLogTail } from './read-log-tail.ts';
export { type RecordRange, readRecords } from './read-records.ts';
export {
  addPartitions,
  type CommittedOffset,
  clusterId,
  committedOffsets,
  createMissingTopics,
  describeShapes,
  describeTopics,
  type LogOffsets,
  logOffsets,
  openAdmin,
  type TopicAdmin,
  type TopicDescription,
  type TopicSetting,
  type TopicToCreate,
  writtenOffsets,
} from './topics.ts';
export {
  acquireTransactionalProducer,
  type OffsetToCommit,
  type TransactionalProducer,
  type TransactionalProducerOptions,
} from './transactional-producer.ts';
export { untilOffsetsReady } from './until-offsets-ready.ts';
export { silenceTimerWarnings } from './warnings.ts';
