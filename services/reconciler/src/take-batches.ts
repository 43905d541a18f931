import { type InputTopic } from '@latchkey/contracts';
import {
  type Batch,
  bytesOf,
  locate,
  splitBatch,
  stopUnreadable,
  takenAtOf,
} from '@latchkey/intake';
import type { ConsumedBatch, PartitionReading, UnreadableBatch } from '@latchkey/kafka';
import { type Db, listMisplaced } from '@latchkey/postgres';
import { retryForever, waitingAlarm } from '@latchkey/runtime';
import { Gathering } from './gathering.ts';
import type { Membership } from './membership.ts';
import { partOf, type Reporting, standStill } from './reporting.ts';
import { type Next, type Part, type Reconciling, takeParts } from './take-parts.ts';

export interface TakeOptions extends Reporting {
  /** By the name of the topic on the broker. */
  readonly inputs: ReadonlyMap<string, InputTopic>;
  readonly maxEvents: number;
  readonly transactionsAtOnce: number;
  readonly membership: Pick<Membership, 'standsAt'>;
}

/** Of values in one transaction: what a batch of the largest events would keep from everything else. */
const PART_MAX_BYTES = 4 * 1024 * 1024;

/**
 * Reads input partitions into intake. Whatever is wrong with the system is waited out, with the
 * membership kept; what is wrong with the data is a dead letter; a partition that must not go on is
 * stopped, and the others go on.
 */
export function takeBatches(to: Reconciling, options: TakeOptions): PartitionReading {
  const standing = new Set<string>();
  const doubted = new Map<string, bigint>();
  const unread = new Map<string, bigint>();
  const gathering = new Gathering<Part, Next>(
    { maxEvents: options.maxEvents, maxBytes: PART_MAX_BYTES, atOnce: options.transactionsAtOnce },
    (parts) => takeParts(to, parts, options),
  );
  return {
    locate: async ({ topic, partition, logStart, logEnd }) => {
      const part = partOf(topic, partition);
      const log = { topic, partition, logStart, logEnd };
      const located = await locate(to.db, log, doubted.get(part)).catch((error: unknown) => {
        options.health.notReady(part, 'its position cannot be looked up; tried again');
        throw error;
      });
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
      options.membership.standsAt(topic, partition, located.position);
      // It is asked about again and again while it stands still.
      if (!standing.has(part)) standStill(options, { topic, partition }, located);
      standing.add(part);
      return 'stopped';
    },
    take: async (consumed, hold) => {
      const whole = batchOf(consumed, options.inputs);
      for (const batch of splitBatch(whole, options.maxEvents, PART_MAX_BYTES)) {
        const { turn, taken } = gathering.add({ batch, hold, ...sizeOf(batch) });
        /* eslint-disable no-await-in-loop -- in the order of the offsets */
        await hold.untilTurn(turn);
        const next = await taken;
        /* eslint-enable no-await-in-loop */
        if (next !== 'go-on') return next;
      }
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
    // A database that was restored, or a standby that lacked commits, stands where it stood.
    misplaced: (places) => listMisplaced(to.db, places),
  };
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
    takenAtMs: takenAtOf(timestampMs),
  }));
  return { topic, input, partition, fetchedOffset, nextOffset, deliveries };
}
