import type { Consumer } from 'kafkajs';
import type { KafkaLog } from '../connection/kafka-log.ts';
import type { Assignment } from './assignment.ts';

/**
 * Commits positions to the group if any changed, for lag tools only: Latchkey never reads them. Never rejects; a failed
 * commit is retried with the next call.
 */
export async function commitOffsets(
  consumer: Consumer,
  assignment: Assignment,
  log: KafkaLog,
): Promise<void> {
  const uncommitted = assignment.all().flatMap((leased) => {
    const offset = leased.uncommittedOffset;
    return offset === undefined ? [] : [{ leased, offset }];
  });
  if (uncommitted.length === 0) return;
  try {
    await consumer.commitOffsets(
      uncommitted.map(({ leased: { topic, partition }, offset }) => ({
        topic,
        partition,
        offset: offset.toString(),
      })),
    );
    for (const { leased, offset } of uncommitted) {
      if (leased.uncommittedOffset === offset) leased.uncommittedOffset = undefined;
    }
  } catch (error) {
    log.debug({ err: error }, 'group offsets not committed');
  }
}
