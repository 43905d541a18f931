import { type Family, familyOfInput, type InputTopic } from '@latchkey/contracts';
import {
  type Batch,
  bytesOf,
  clampStampMs,
  type IntakeContext,
  locate,
  splitBatch,
  stopUnreadable,
} from '@latchkey/intake';
import type { ConsumedBatch, PartitionReading, UnreadableBatch } from '@latchkey/kafka';
import { type Db, listMisplaced } from '@latchkey/postgres';
import { retryForever, waitingAlarm } from '@latchkey/runtime';
import { BatchCoalescer } from './batch-coalescer.ts';
import type { Membership } from './membership.ts';
import { type Next, type Part, processParts } from './process-parts.ts';
import { partOf, type Reporting, reportStopped } from './reporting.ts';

export interface ReadingOptions extends Reporting {
  /** By the name of the topic on the broker. */
  readonly inputs: ReadonlyMap<string, InputTopic>;
  readonly maxEvents: number;
  /** Of each family of events. */
  readonly transactionsAtOnce: number;
  readonly membership: Pick<Membership, 'stoppedAt'>;
}

/** Bytes of values in one transaction: a batch of the largest events must not keep the process from everything else. */
const PART_MAX_BYTES = 4 * 1024 * 1024;

/**
 * Reads input partitions into intake. Errors of the system are waited out while the partition stays ours; errors of the
 * data become dead letters; a partition that must not be read further is stopped, and the others continue.
 */
export function readInputs(context: IntakeContext, options: ReadingOptions): PartitionReading {
  const stopped = new Set<string>();
  const doubted = new Map<string, bigint>();
  const unreadable = new Map<string, bigint>();
  const coalescers = openCoalescers(context, options);
  return {
    locate: async ({ topic, partition, logStart, logEnd }) => {
      const part = partOf(topic, partition);
      const log = { topic, partition, logStart, logEnd };
      const located = await locate(context.db, log, doubted.get(part)).catch((error: unknown) => {
        options.health.notReady(part, 'its position cannot be looked up; tried again');
        throw error;
      });
      if (located.kind === 'doubtful') {
        doubted.set(part, located.position);
        throw new Error('the log seems to end before our position: it is located again');
      }
      doubted.delete(part);
      if (located.kind === 'at') {
        stopped.delete(part);
        options.health.ready(part);
        return { seekTo: located.offset };
      }
      options.membership.stoppedAt(topic, partition, located.position);
      // A stopped partition is located again and again, and reported once.
      if (!stopped.has(part)) reportStopped(options, { topic, partition }, located);
      stopped.add(part);
      return 'stopped';
    },
    process: async (consumed, lease) => {
      const whole = batchOf(consumed, options.inputs);
      const coalescer = coalescers[familyOfInput(whole.input)];
      for (const batch of splitBatch(whole, options.maxEvents, PART_MAX_BYTES)) {
        const { turn, result } = coalescer.add({ batch, lease, ...sizeOf(batch) });
        /* eslint-disable no-await-in-loop -- in the order of the offsets */
        await lease.waitForTurn(turn);
        const next = await result;
        /* eslint-enable no-await-in-loop */
        if (next !== 'continue') return next;
      }
      return 'processed';
    },
    unreadable: async (batch) => {
      const part = partOf(batch.topic, batch.partition);
      if (unreadable.get(part) !== batch.firstOffset) {
        // Stopped when it is found twice: the partition is read once more, from its position.
        unreadable.set(part, batch.firstOffset);
        return;
      }
      unreadable.delete(part);
      stopped.add(part);
      await stopBefore(context.db, batch, options);
    },
    // A database that was restored, or a standby that lacked commits, has earlier positions.
    misplaced: (places) => listMisplaced(context.db, places),
  };
}

/** One for each family: a transaction processes events of one family, and no family waits for a slot of another. */
function openCoalescers(
  context: IntakeContext,
  options: ReadingOptions,
): Readonly<Record<Family, BatchCoalescer<Part, Next>>> {
  const { maxEvents, transactionsAtOnce: atOnce } = options;
  const open = (): BatchCoalescer<Part, Next> =>
    new BatchCoalescer({ maxEvents, maxBytes: PART_MAX_BYTES, atOnce }, (parts) =>
      processParts(context, parts, options),
    );
  return { record: open(), verification: open() };
}

async function stopBefore(db: Db, batch: UnreadableBatch, options: ReadingOptions): Promise<void> {
  const { log, health, signal } = options;
  const alarm = waitingAlarm(partOf(batch.topic, batch.partition), { log, health });
  try {
    const work = () => stopUnreadable(db, batch);
    const finding = await retryForever(work, { signal, isPermanent: () => false, ...alarm });
    reportStopped(options, batch, finding);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

function sizeOf({ deliveries }: Batch): { readonly events: number; readonly bytes: number } {
  const bytes = deliveries.reduce((sum, delivery) => sum + bytesOf(delivery), 0);
  return { events: deliveries.length, bytes };
}

function batchOf(consumed: ConsumedBatch, inputs: ReadonlyMap<string, InputTopic>): Batch {
  const { topic, partition, fetchedOffset, nextOffset, records } = consumed;
  const input = inputs.get(topic);
  if (input === undefined) throw new RangeError(`${topic} is no input`);
  const deliveries = records.map(({ timestampMs, ...record }) => ({
    ...record,
    takenAtMs: clampStampMs(timestampMs),
  }));
  return { topic, input, partition, fetchedOffset, nextOffset, deliveries };
}
