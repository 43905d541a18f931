import { Failure } from '@latchkey/contracts';
import type { TransactionalProducer } from '@latchkey/kafka';
import { type Publisher, sendPositions } from '@latchkey/publication';
import type { LaneChunk } from './chunk.ts';

export type Published =
  | { readonly kind: 'published' }
  /** The broker refuses this part for its size. The producer is of no more use. */
  | { readonly kind: 'too-large'; readonly chunk: LaneChunk };

/**
 * Publishes what the lanes contribute, together with the positions that they reach, in one Kafka
 * transaction: a reader of committed messages sees all of it or nothing.
 *
 * One partition at a time, each awaited: kafkajs repeats a send over several partitions as a whole,
 * also where parts of it had arrived, and messages are doubled or lost. Rejected: unknown whether it
 * was committed; the producer must be thrown away, and its successor reads what became of it.
 */
export async function publishChunk(
  producer: TransactionalProducer,
  publisher: Publisher,
  lanes: readonly LaneChunk[],
): Promise<Published> {
  const { topic } = publisher;
  await producer.begin({ topic, partitions: lanes.map(({ reached }) => reached.partition) });
  for (const chunk of lanes) {
    // eslint-disable-next-line no-await-in-loop -- one partition at a time, see above
    const taken = await sendLane(producer, topic, chunk);
    if (!taken) return { kind: 'too-large', chunk };
  }
  await sendPositions(
    producer,
    publisher,
    lanes.map(({ reached }) => reached),
  );
  await producer.commit();
  return { kind: 'published' };
}

/** False where the broker refuses the messages for their size. */
async function sendLane(
  producer: TransactionalProducer,
  topic: string,
  { messages, reached }: LaneChunk,
): Promise<boolean> {
  try {
    await producer.send(topic, reached.partition, messages);
    return true;
  } catch (error) {
    if (error instanceof Failure && error.code === 'MESSAGE_TOO_LARGE') return false;
    throw error;
  }
}
