import type { Consumer } from 'kafkajs';
import type { HeldPartition } from './assignment.ts';

/** Says to kafkajs which partitions to fetch, and from where. */
export interface FetchControl {
  pause(partitions: readonly HeldPartition[]): void;
  resume(held: HeldPartition): void;
  /** The next fetch asks for `held.nextOffset`. */
  seek(held: HeldPartition): void;
}

export function fetchControlOf(consumer: Consumer): FetchControl {
  return {
    pause: (partitions) => {
      unlessStopped(() => {
        consumer.pause(partitions.map(asTopic));
      });
    },
    resume: (held) => {
      unlessStopped(() => {
        consumer.resume([asTopic(held)]);
      });
    },
    seek: ({ topic, partition, nextOffset }) => {
      // Not resolveOffset: that one throws for a partition which was taken away meanwhile, and so ends the consumer.
      unlessStopped(() => {
        consumer.seek({ topic, partition, offset: nextOffset.toString() });
      });
    },
  };
}

function asTopic({ topic, partition }: HeldPartition): { topic: string; partitions: number[] } {
  return { topic, partitions: [partition] };
}

/** kafkajs throws here only while it has no group; when it has one again, everything is paused and located anew. */
function unlessStopped(work: () => void): void {
  try {
    work();
  } catch {
    // Nothing is fetched, so there is nothing to control.
  }
}
