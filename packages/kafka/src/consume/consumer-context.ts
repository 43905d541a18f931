import type { Admin, Consumer } from 'kafkajs';
import type { KafkaLog } from '../connection/kafka-log.ts';
import type { Assignment } from './assignment.ts';
import type { FetchControl } from './fetch-control.ts';
import type { GroupWatch } from './group-watch.ts';
import type { BatchConsumerOptions } from './open-consumer.ts';
import type { PartitionReading } from './partition-reading.ts';

/** Shared by the parts of one running batch consumer. */
export interface ConsumerContext {
  readonly consumer: Consumer;
  readonly groupId: string;
  readonly topics: readonly string[];
  readonly admin: Admin;
  readonly assignment: Assignment;
  readonly control: FetchControl;
  readonly reading: PartitionReading;
  readonly log: KafkaLog;
  readonly watch: GroupWatch | undefined;
  readonly onDenied: BatchConsumerOptions['onDenied'];
  /** Aborted when the consumer begins to leave the group. */
  readonly leaving: AbortSignal;
  /** Ends the consumer with this error. */
  readonly fail: (error: unknown) => void;
}
