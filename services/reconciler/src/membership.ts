import type { GroupWatch, ReadPartition } from '@latchkey/kafka';
import type { Health } from '@latchkey/runtime';
import { isPartition, partOf } from './reporting.ts';

/** Nothing was fetched for so long although something is wanted: the brokers do not answer. */
const SILENT_MS = 10_000;
const GROUP = 'group';

/** A partition that this process has, with the position of its reader; undefined where that is not known. */
export interface HeldPosition {
  readonly topic: string;
  readonly partition: number;
  readonly position: bigint | undefined;
}

/**
 * What this process has of the inputs. It is ready while it is in the group and each of its partitions is located and
 * fine; partitions that it loses count no more, whoever still speaks of them.
 */
export class Membership implements GroupWatch {
  /** For all who report on partitions. */
  readonly health: Health;
  readonly #nowMs: () => number;
  readonly #stands = new Map<string, bigint>();
  #held = new Map<string, ReadPartition>();
  #isMember = false;
  #isSilent = false;
  #fetchedAtMs = 0;

  /** @param nowMs - a clock that only goes forward */
  constructor(health: Health, nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
    const counts = (part: string): boolean => !isPartition(part) || this.#held.has(part);
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

  assigned(partitions: readonly ReadPartition[]): void {
    this.#lose();
    this.#isMember = true;
    this.#held = new Map(partitions.map((held) => [partOf(held.topic, held.partition), held]));
    for (const part of this.#held.keys()) {
      this.health.notReady(part, 'its position is being looked up');
    }
    this.fetched();
    this.health.ready(GROUP);
  }

  away(why: string): void {
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

  /** A partition waits for an operator at this position. */
  standsAt(topic: string, partition: number, position: bigint): void {
    this.#stands.set(partOf(topic, partition), position);
  }

  /** Not ready where nothing is fetched although something is wanted; ready again with the next fetch. */
  checkFetching(): void {
    const held = [...this.#held.values()];
    // Batches in hand may keep the next fetch waiting.
    if (!this.#isMember || held.some(({ status }) => status === 'taking')) return;
    if (!held.some(({ status }) => status === 'reading')) return;
    if (this.#nowMs() - this.#fetchedAtMs < SILENT_MS) return;
    this.#isSilent = true;
    this.health.notReady(GROUP, 'nothing can be fetched from the brokers');
  }

  /** In no particular order. */
  positions(): readonly HeldPosition[] {
    return [...this.#held].map(([part, { topic, partition, nextOffset }]) => ({
      topic,
      partition,
      position: nextOffset >= 0n ? nextOffset : this.#stands.get(part),
    }));
  }

  #lose(): void {
    for (const part of this.#held.keys()) this.health.forget(part);
    this.#held = new Map();
    this.#stands.clear();
  }
}
