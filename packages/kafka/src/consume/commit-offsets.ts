import type { Consumer } from 'kafkajs';
import type { KafkaLog } from '../kafka-log.ts';
import type { Assignment } from './assignment.ts';

/**
 * Tells the group how far we are, for lag tools: we ourselves never read it. Does nothing if nothing changed. Never
 * rejects; what was not committed is tried again next time.
 */
export async function commitOffsets(
  consumer: Consumer,
  assignment: Assignment,
  log: KafkaLog,
): Promise<void> {
  const behind = assignment.all().flatMap((held) => {
    const offset = held.uncommittedOffset;
    return offset === undefined ? [] : [{ held, offset }];
  });
  if (behind.length === 0) return;
  try {
    await consumer.commitOffsets(
      behind.map(({ held: { topic, partition }, offset }) => ({
        topic,
        partition,
        offset: offset.toString(),
      })),
    );
    for (const { held, offset } of behind) {
      if (held.uncommittedOffset === offset) held.uncommittedOffset = undefined;
    }
  } catch (error) {
    log.debug({ err: error }, 'group offsets not committed');
  }
}
