import { type InputTopic } from '@latchkey/contracts';
import type { Policy } from '@latchkey/domain';
import {
  type Batch,
  type Counts,
  type Isolations,
  intakeOrIsolate,
  locate,
  type Outputs,
  splitBatch,
  stopUnreadable,
  type Taken,
  takenAtOf,
} from '@latchkey/intake';
import type { ConsumedBatch, Hold, PartitionReading, UnreadableBatch } from '@latchkey/kafka';
import type { Db } from '@latchkey/postgres';
import { type Health, type Logger, retryForever, waitingAlarm } from '@latchkey/runtime';
import type { IntakeMetrics } from './intake-metrics.ts';
import { isRefusal } from './is-refusal.ts';

/** What batches are decided by, and where their effects go. */
export interface Reconciling {
  readonly db: Db;
  readonly policy: Policy;
  readonly outputs: Outputs;
}

export interface TakeOptions {
  /** By the name of the topic on the broker. */
  readonly inputs: ReadonlyMap<string, InputTopic>;
  readonly maxEvents: number;
  readonly metrics: IntakeMetrics;
  readonly log: Logger;
  readonly health: Health;
  readonly signal: AbortSignal;
}

/** Of values in one transaction: what a batch of the largest events would keep from everything else. */
const PART_MAX_BYTES = 4 * 1024 * 1024;

/** What to do after a part of a batch. */
type Next = 'go-on' | 'stopped' | 'relocate';

/**
 * Reads input partitions into intake. Whatever is wrong with the system is waited out, with the
 * membership kept; what is wrong with the data is a dead letter; a partition that must not go on is
 * stopped, and the others go on.
 */
export function takeBatches(to: Reconciling, options: TakeOptions): PartitionReading {
  const isolations = new Map<string, Isolations>();
  const standing = new Set<string>();
  const doubted = new Map<string, bigint>();
  const unread = new Map<string, bigint>();
  return {
    locate: async ({ topic, partition, logStart, logEnd }) => {
      const part = partOf(topic, partition);
      const log = { topic, partition, logStart, logEnd };
      const located = await locate(to.db, log, doubted.get(part));
      if (located.kind === 'doubtful') {
        doubted.set(part, located.position);
        throw new Error('the log seems to end before our position: it is looked at again');
      }
      doubted.delete(part);
      if (located.kind === 'at') {
        standing.delete(part);
        options.health.ready(part);
        return { seekTo: located.offset };
      }
      // It is asked about again and again while it stands still.
      if (!standing.has(part)) standStill(options, { topic, partition }, located);
      standing.add(part);
      return 'stopped';
    },
    take: async (consumed, hold) => {
      const part = partOf(consumed.topic, consumed.partition);
      const kept = isolations.get(part) ?? { inARow: 0 };
      isolations.set(part, kept);
      const whole = batchOf(consumed, options.inputs);
      for (const batch of splitBatch(whole, options.maxEvents, PART_MAX_BYTES)) {
        // eslint-disable-next-line no-await-in-loop -- in the order of the offsets
        const next = await takePart(to, batch, kept, hold, options);
        if (next !== 'go-on') return next;
      }
      options.metrics.lag(consumed);
      return 'taken';
    },
    unreadable: async (batch) => {
      const part = partOf(batch.topic, batch.partition);
      if (unread.get(part) !== batch.firstOffset) {
        // Believed when it is found twice: the partition is read once more, from its position.
        unread.set(part, batch.firstOffset);
        return;
      }
      unread.delete(part);
      standing.add(part);
      await standBefore(to.db, batch, options);
    },
  };
}

async function takePart(
  to: Reconciling,
  batch: Batch,
  isolations: Isolations,
  hold: Hold,
  options: TakeOptions,
): Promise<Next> {
  const { log, health, signal } = options;
  const startedMs = performance.now();
  const work = async (): Promise<readonly Taken[] | 'lost'> =>
    (await hold.keep()) ? intakeOrIsolate(to.db, batch, to.policy, to.outputs, isolations) : 'lost';
  const alarm = waitingAlarm(partOf(batch.topic, batch.partition), { log, health });
  try {
    const taken = await retryForever(work, { signal, isPermanent: isRefusal, ...alarm });
    return taken === 'lost' ? 'relocate' : settle(taken, batch, startedMs, options);
  } catch (error) {
    if (signal.aborted) return 'relocate';
    throw error;
  }
}

async function standBefore(db: Db, batch: UnreadableBatch, options: TakeOptions): Promise<void> {
  const { log, health, signal } = options;
  const alarm = waitingAlarm(partOf(batch.topic, batch.partition), { log, health });
  try {
    const work = () => stopUnreadable(db, batch);
    standStill(
      options,
      batch,
      await retryForever(work, { signal, isPermanent: () => false, ...alarm }),
    );
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

function settle(
  all: readonly Taken[],
  batch: Batch,
  startedMs: number,
  options: TakeOptions,
): Next {
  let next: Next = 'go-on';
  for (const taken of all) {
    if (taken.kind === 'taken') {
      report(taken.counts, taken.undeclared, batch, performance.now() - startedMs, options);
    } else if (taken.kind === 'stop') {
      standStill(options, batch, taken);
      next = 'stopped';
    } else if (taken.kind !== 'done') {
      next = taken.kind === 'ahead' ? 'relocate' : 'stopped';
    }
  }
  return next;
}

function report(
  counts: Counts,
  undeclared: number,
  { topic, partition, nextOffset }: Batch,
  tookMs: number,
  { log, metrics }: TakeOptions,
): void {
  metrics.taken(topic, counts, tookMs);
  if (counts.received === 0) return;
  const ms = Math.round(tookMs);
  log.info({ topic, partition, nextOffset, ...counts, undeclared, ms }, 'batch taken');
}

function standStill(
  { log, health }: TakeOptions,
  { topic, partition }: { readonly topic: string; readonly partition: number },
  { code, detail }: { readonly code: string; readonly detail: string },
): void {
  health.notReady(partOf(topic, partition), `${code}: ${detail}`);
  const mend = `npm run latchkey -- progress accept ${topic} ${partition}`;
  log.error({ topic, partition, code, detail, mend }, 'partition stopped');
}

/** How `/readyz` and the log name a partition. */
export function partOf(topic: string, partition: number): string {
  return `partition ${topic}/${partition}`;
}

function batchOf(consumed: ConsumedBatch, inputs: ReadonlyMap<string, InputTopic>): Batch {
  const { topic, partition, fetchedOffset, nextOffset, records } = consumed;
  const input = inputs.get(topic);
  if (input === undefined) throw new RangeError(`${topic} is no input`);
  const deliveries = records.map(({ timestampMs, ...record }) => ({
    ...record,
    takenAtMs: takenAtOf(timestampMs),
  }));
  return { topic, input, partition, fetchedOffset, nextOffset, deliveries };
}
