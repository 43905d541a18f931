import type { FailureCode } from '@latchkey/contracts';
import {
  type Db,
  insertProgress,
  type ProgressRow,
  readProgress,
  stopPartition,
} from '@latchkey/postgres';

/** The ends of the log of an input partition, as the broker reports them. */
export interface LogEnds {
  readonly topic: string;
  readonly partition: number;
  /** The first offset that is still there. */
  readonly logStart: bigint;
  /** The offset that the next record will get. */
  readonly logEnd: bigint;
}

/** Where reading of a partition starts, or why it does not. */
export type Located =
  | { readonly kind: 'at'; readonly offset: bigint }
  | {
      readonly kind: 'stopped';
      readonly code: string;
      readonly detail: string;
      readonly position: bigint;
    }
  /** The log seems to end before our position: the caller locates again, with that position. */
  | { readonly kind: 'doubtful'; readonly position: bigint };

/**
 * Finds where reading of a partition starts after an assignment: at the last record that was processed, so that it can
 * be recognised; at the log's start where none was. A log that starts after or ends before our position stops the
 * partition, durably, until an operator accepts it.
 *
 * @param doubted - the position of an earlier call that was doubtful: the end of the log was read before the position, and
 *   the former owner of the partition may have advanced it in between
 */
export async function locate(db: Db, log: LogEnds, doubted?: bigint): Promise<Located> {
  const progress = await openProgress(db, log);
  const { nextOffset } = progress;
  if (progress.stoppedCode !== null) {
    const detail = progress.stoppedDetail ?? '';
    return { kind: 'stopped', code: progress.stoppedCode, detail, position: nextOffset };
  }
  const found = findingOf(progress, log);
  if (found !== undefined) {
    if (found.code === 'LOG_ENDS_BEFORE' && doubted !== nextOffset) {
      return { kind: 'doubtful', position: nextOffset };
    }
    const { topic, partition } = log;
    await db.run(stopPartition, { topic, partition, offset: nextOffset, ...found });
    return { kind: 'stopped', ...found, position: nextOffset };
  }
  const { lastOffset } = progress;
  const anchored = lastOffset !== null && lastOffset >= log.logStart;
  return { kind: 'at', offset: anchored ? lastOffset : nextOffset };
}

async function openProgress(db: Db, log: LogEnds): Promise<ProgressRow> {
  const { topic, partition, logStart } = log;
  const [known] = await db.run(readProgress, { topic, partition });
  if (known !== undefined) return known;
  await db.run(insertProgress, { topic, partition, nextOffset: logStart });
  const [made] = await db.run(readProgress, { topic, partition });
  if (made === undefined) throw new Error('the inserted position cannot be read');
  return made;
}

function findingOf(
  { nextOffset }: ProgressRow,
  { logStart, logEnd }: LogEnds,
): { code: FailureCode; detail: string } | undefined {
  if (logStart > nextOffset) {
    const detail = `the log starts at ${logStart}, our position is ${nextOffset}`;
    return { code: 'LOG_STARTS_AFTER', detail };
  }
  if (logEnd < nextOffset) {
    const detail = `the log ends at ${logEnd}, our position is ${nextOffset}`;
    return { code: 'LOG_ENDS_BEFORE', detail };
  }
  return undefined;
}
