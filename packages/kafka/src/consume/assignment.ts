/** One partition while we have it. Being given it again makes a new one. */
export interface HeldPartition {
  readonly topic: string;
  readonly partition: number;
  /** False for ever once the assignment that gave it is over. */
  isOurs: boolean;
  /**
   * `locating`: paused until its place is known; `reading`: its next batch is wanted; `taking`: a batch is in hand;
   * `stopped`: paused until it is located again.
   */
  status: 'locating' | 'reading' | 'taking' | 'stopped';
  /** What the next batch must have been asked for. */
  nextOffset: bigint;
  /** How far it was taken and the group does not know yet; undefined if it knows, or nothing was taken. */
  uncommittedOffset: bigint | undefined;
  /** Resolves when the last batch is out of hand, one of an earlier assignment included; undefined if none was. */
  taking: Promise<void> | undefined;
}

/** For the log. */
export function namesOf(partitions: readonly HeldPartition[]): string[] {
  return partitions.map(({ topic, partition }) => `${topic}/${partition}`);
}

/** Which partitions are ours, from one rebalance to the next. */
export class Assignment {
  #held = new Map<string, HeldPartition>();
  readonly #inHand = new Set<Promise<void>>();
  #isEnding = false;
  #isClosed = false;

  /** The group has a new assignment: all partitions of the old one are lost, those of the new one to be located. */
  replace(partitionsByTopic: Readonly<Record<string, readonly number[]>>): HeldPartition[] {
    const before = this.#held;
    for (const held of before.values()) held.isOurs = false;
    const now = Object.entries(partitionsByTopic).flatMap(([topic, partitions]) =>
      partitions.map((partition) => locating(topic, partition, before.get(key(topic, partition)))),
    );
    this.#held = new Map(now.map((held) => [key(held.topic, held.partition), held]));
    this.#isEnding = false;
    return now;
  }

  /** A rebalance was announced: until the next assignment nothing new is begun, and whoever waits gives up. */
  end(): void {
    this.#isEnding = true;
  }

  /** We stop: as `end`, for ever. Resolves when no batch is in hand, also none of an earlier assignment. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#inHand);
  }

  /** Whether work on the partition may begin or go on. */
  mayWork(held: HeldPartition): boolean {
    return held.isOurs && !this.#isEnding && !this.#isClosed;
  }

  /** A batch of the partition is in hand until `work` resolves; it must not reject. */
  takeInHand(held: HeldPartition, work: Promise<void>): void {
    const done = work.then(() => {
      this.#inHand.delete(done);
    });
    this.#inHand.add(done);
    held.taking = done;
  }

  find(topic: string, partition: number): HeldPartition | undefined {
    return this.#held.get(key(topic, partition));
  }

  all(): HeldPartition[] {
    return [...this.#held.values()];
  }
}

function locating(
  topic: string,
  partition: number,
  before: HeldPartition | undefined,
): HeldPartition {
  return {
    topic,
    partition,
    isOurs: true,
    status: 'locating',
    nextOffset: -1n,
    uncommittedOffset: undefined,
    taking: before?.taking,
  };
}

function key(topic: string, partition: number): string {
  return `${partition} ${topic}`;
}
