import type { Consumer } from 'kafkajs';
import type { LeasedPartition } from './assignment.ts';

/** Controls which partitions kafkajs fetches, and from which offsets. */
export interface FetchControl {
  pause(partitions: readonly LeasedPartition[]): void;
  resume(leased: LeasedPartition): void;
  /** The next fetch starts at `leased.nextOffset`. */
  seek(leased: LeasedPartition): void;
}

export function createFetchControl(consumer: Consumer): FetchControl {
  return {
    pause: (partitions) => {
      ignoreWithoutGroup(() => {
        consumer.pause(partitions.map(asTopic));
      });
    },
    resume: (leased) => {
      ignoreWithoutGroup(() => {
        consumer.resume([asTopic(leased)]);
      });
    },
    seek: ({ topic, partition, nextOffset }) => {
      // Not resolveOffset: it throws for a partition that was revoked meanwhile, which ends the consumer.
      ignoreWithoutGroup(() => {
        consumer.seek({ topic, partition, offset: nextOffset.toString() });
      });
    },
  };
}

/** Pauses a partition until it is located again. */
export function stopPartition(control: FetchControl, leased: LeasedPartition): void {
  leased.status = 'stopped';
  control.pause([leased]);
}

function asTopic({ topic, partition }: LeasedPartition): { topic: string; partitions: number[] } {
  return { topic, partitions: [partition] };
}

/** kafkajs throws only while it is in no group. After joining, every partition is paused and located again. */
function ignoreWithoutGroup(work: () => void): void {
  try {
    work();
  } catch {
    // Nothing is fetched, so there is nothing to control.
  }
}
