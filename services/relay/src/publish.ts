import { Failure } from '@latchkey/contracts';
import type { TransactionalProducer } from '@latchkey/kafka';
import { type Publisher, sendPositions } from '@latchkey/publication';
import type { LaneChunk } from './chunk.ts';

export type Published =
  | { readonly kind: 'published' }
  /** The broker refuses this chunk for its size. The producer must be thrown away. */
  | { readonly kind: 'too-large'; readonly chunk: LaneChunk };

/**
 * Publishes the messages of the lanes, and the positions that they reach, in one Kafka transaction: a `read_committed`
 * consumer sees all of it or nothing.
 *
 * One partition at a time, each awaited: kafkajs repeats a send over several partitions as a whole, even where parts of it
 * had arrived, and messages are doubled or lost. After a rejection it is unknown whether the transaction was committed: the
 * producer must be thrown away, and its successor reads the committed positions.
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
    const isAccepted = await sendLane(producer, topic, chunk);
    if (!isAccepted) return { kind: 'too-large', chunk };
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
