/** One partition of one assignment. The next assignment creates another object for it. */
export interface LeasedPartition {
  readonly topic: string;
  readonly partition: number;
  /** False for ever once the assignment has ended. */
  isLeased: boolean;
  /**
   * `locating`: paused until its position is known; `reading`: the next batch is being fetched; `processing`: a batch is
   * being processed; `stopped`: paused until it is located again.
   */
  status: 'locating' | 'reading' | 'processing' | 'stopped';
  /** The offset that the next batch must be fetched from. Below 0 until located. */
  nextOffset: bigint;
  /** Processed up to here and not committed to the group yet; undefined: nothing to commit. */
  uncommittedOffset: bigint | undefined;
  /** Resolves when its last batch is done, also one of an earlier assignment; undefined if there was none. */
  processing: Promise<void> | undefined;
}

/** For the log. */
export function namesOf(partitions: readonly LeasedPartition[]): string[] {
  return partitions.map(({ topic, partition }) => `${topic}/${partition}`);
}

/** The partitions that the group has assigned to this member. */
export class Assignment {
  #leased = new Map<string, LeasedPartition>();
  readonly #running = new Set<Promise<void>>();
  #isEnding = false;
  #isClosed = false;

  /** Starts a new assignment: all partitions of the previous one are lost, and those of the new one must be located. */
  replace(partitionsByTopic: Readonly<Record<string, readonly number[]>>): LeasedPartition[] {
    const before = this.#leased;
    for (const leased of before.values()) leased.isLeased = false;
    const now = Object.entries(partitionsByTopic).flatMap(([topic, partitions]) =>
      partitions.map((partition) => createLeased(topic, partition, before)),
    );
    this.#leased = new Map(now.map((leased) => [key(leased.topic, leased.partition), leased]));
    this.#isEnding = false;
    return now;
  }

  /** A rebalance was announced: no work begins or continues until the next assignment. */
  end(): void {
    this.#isEnding = true;
  }

  /** Like `end`, for ever. Resolves when no batch is being processed, also none of an earlier assignment. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#running);
  }

  /** Whether work on the partition may begin or continue. */
  isActive(leased: LeasedPartition): boolean {
    return leased.isLeased && !this.#isEnding && !this.#isClosed;
  }

  /** A batch of the partition is being processed until `work` resolves. It must not reject. */
  track(leased: LeasedPartition, work: Promise<void>): void {
    const done = work.then(() => {
      this.#running.delete(done);
    });
    this.#running.add(done);
    leased.processing = done;
  }

  find(topic: string, partition: number): LeasedPartition | undefined {
    return this.#leased.get(key(topic, partition));
  }

  all(): LeasedPartition[] {
    return [...this.#leased.values()];
  }
}

function createLeased(
  topic: string,
  partition: number,
  before: ReadonlyMap<string, LeasedPartition>,
): LeasedPartition {
  return {
    topic,
    partition,
    isLeased: true,
    status: 'locating',
    nextOffset: -1n,
    uncommittedOffset: undefined,
    processing: before.get(key(topic, partition))?.processing,
  };
}

function key(topic: string, partition: number): string {
  return `${partition} ${topic}`;
}
