import type { AssignedPartition, GroupWatch } from '@latchkey/kafka';
import type { Health } from '@latchkey/runtime';
import { isPartition, partOf } from './reporting.ts';

/** After so long without a fetch, although partitions are read, the brokers count as silent. */
const SILENT_MS = 10_000;
const GROUP = 'group';

/** A partition of this process, with the position of its reader; undefined where that is not known. */
export interface OwnPosition {
  readonly topic: string;
  readonly partition: number;
  readonly position: bigint | undefined;
}

/**
 * The partitions of the inputs that are assigned to this process. It is ready while it is in the group and each of its
 * partitions is located and not stopped; late reports about partitions that it has lost are ignored.
 */
export class Membership implements GroupWatch {
  /** For all reports on partitions. */
  readonly health: Health;
  readonly #nowMs: () => number;
  readonly #stopped = new Map<string, bigint>();
  #assigned = new Map<string, AssignedPartition>();
  #isMember = false;
  #isSilent = false;
  #fetchedAtMs = 0;

  /** @param nowMs - a clock that only goes forward */
  constructor(health: Health, nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
    const counts = (part: string): boolean => !isPartition(part) || this.#assigned.has(part);
    this.health = {
      ...health,
      ready: (part) => {
        if (counts(part)) health.ready(part);
      },
      notReady: (part, why) => {
        if (counts(part)) health.notReady(part, why);
      },
    };
    health.notReady(GROUP, 'joining');
  }

  assigned(partitions: readonly AssignedPartition[]): void {
    this.#lose();
    this.#isMember = true;
    this.#assigned = new Map(partitions.map((one) => [partOf(one.topic, one.partition), one]));
    for (const part of this.#assigned.keys()) {
      this.health.notReady(part, 'its position is being looked up');
    }
    this.fetched();
    this.health.ready(GROUP);
  }

  lost(why: string): void {
    this.#lose();
    this.#isMember = false;
    this.health.notReady(GROUP, why);
  }

  fetched(): void {
    this.#fetchedAtMs = this.#nowMs();
    if (!this.#isSilent) return;
    this.#isSilent = false;
    if (this.#isMember) this.health.ready(GROUP);
  }

  /** A partition is stopped at this position until an operator accepts the finding. */
  stoppedAt(topic: string, partition: number, position: bigint): void {
    this.#stopped.set(partOf(topic, partition), position);
  }

  /** Not ready where nothing is fetched although partitions are read; ready again with the next fetch. */
  checkFetching(): void {
    const own = [...this.#assigned.values()];
    // The next fetch may wait for batches that are being processed.
    if (!this.#isMember || own.some(({ status }) => status === 'processing')) return;
    if (!own.some(({ status }) => status === 'reading')) return;
    if (this.#nowMs() - this.#fetchedAtMs < SILENT_MS) return;
    this.#isSilent = true;
    this.health.notReady(GROUP, 'nothing can be fetched from the brokers');
  }

  /** In no particular order. */
  positions(): readonly OwnPosition[] {
    return [...this.#assigned].map(([part, { topic, partition, nextOffset }]) => ({
      topic,
      partition,
      position: nextOffset >= 0n ? nextOffset : this.#stopped.get(part),
    }));
  }

  #lose(): void {
    for (const part of this.#assigned.keys()) this.health.forget(part);
    this.#assigned = new Map();
    this.#stopped.clear();
  }
}
