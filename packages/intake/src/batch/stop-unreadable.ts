import type { FailureCode } from '@latchkey/contracts';
import { type Db, stopPartition } from '@latchkey/postgres';

/** Offsets of an input partition whose records cannot be decoded. */
export interface UnreadableRecords {
  readonly topic: string;
  readonly partition: number;
  readonly firstOffset: bigint;
  readonly lastOffset: bigint;
  readonly cause: string;
}

/** Stops a partition before records that cannot be decoded, durably, until an operator accepts that they are skipped. */
export async function stopUnreadable(
  db: Db,
  { topic, partition, firstOffset, lastOffset, cause }: UnreadableRecords,
): Promise<{ readonly code: FailureCode; readonly detail: string }> {
  const code = 'BATCH_UNREADABLE';
  const detail = `offsets ${firstOffset} to ${lastOffset} cannot be decoded (${cause}); --from ${lastOffset + 1n} skips them`;
  await db.run(stopPartition, { topic, partition, offset: firstOffset, code, detail });
  return { code, detail };
}
