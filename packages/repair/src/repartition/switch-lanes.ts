import { partitionOf } from '@latchkey/contracts';
import {
  addLanes,
  addOutputLayout,
  appendOutbox,
  deleteMessages,
  type LaneRow,
  listLanes,
  lockDeciders,
  lockLanes,
  type OutboxRow,
  outboxRange,
  readEnds,
  readOutbox,
  type Tx,
  textColumn,
} from '@latchkey/postgres';
import { type LaneEvidence, positionOf } from '@latchkey/publication';
import { appendRepairAudit } from '../append-repair-audit.ts';
import type { Repair } from '../repair.ts';

/** All waiting messages move in one transaction. */
export const MAX_MOVED_ROWS_A_LANE = 20_000;
const MAX_MOVED_BYTES = 256 * 1024 * 1024;

/**
 * Adds lanes for the new partitions, and moves waiting messages to the lanes of their keys.
 *
 * @param published - the lanes of each topic
 * @returns how many messages were moved
 */
export async function switchLanes(
  tx: Tx,
  by: Pick<Repair, 'operator' | 'owner'>,
  published: ReadonlyMap<string, readonly LaneEvidence[]>,
  partitions: number,
): Promise<number> {
  await tx.run(lockDeciders, {});
  const lanes = [...published.values()].flat();
  await tx.run(lockLanes, {
    lanes: textColumn(lanes.map(({ lane }) => lane).toSorted((a, b) => a - b)),
  });
  const messages = [];
  for (const [topic, own] of published) {
    // eslint-disable-next-line no-await-in-loop -- five topics, one after the other
    await tx.run(addLanes, { topic, partitions });
    // eslint-disable-next-line no-await-in-loop -- see above
    const waiting = await removeWaiting(tx, own, MAX_MOVED_BYTES / lanes.length);
    // eslint-disable-next-line no-await-in-loop -- see above
    const now = (await tx.run(listLanes, {})).filter((row) => row.topic === topic);
    messages.push(...waiting.map((row) => movedTo(now, row)));
  }
  const [done] = await tx.run(addOutputLayout, {});
  appendRepairAudit(tx, by, {
    subject: { subjectKind: 'output_state', subjectId: 'layout' },
    nowMs: done?.nowMs ?? 0,
    decisions: [{ kind: 'repartitioned', partitions, moved: messages.length }],
  });
  appendOutbox(tx, messages);
  return messages.length;
}

/**
 * Removes unpublished messages from their lanes, and returns them by lane and position. A lane with more than are moved at
 * once keeps them, as it keeps published ones.
 */
async function removeWaiting(
  tx: Tx,
  lanes: readonly LaneEvidence[],
  maxBytesALane: number,
): Promise<readonly OutboxRow[]> {
  const maxRows = MAX_MOVED_ROWS_A_LANE;
  const starts = lanes.map((lane) => ({ lane: lane.lane, after: positionOf(lane), maxRows }));
  const rows = await tx.run(readOutbox, outboxRange(starts, Math.floor(maxBytesALane)));
  const byLane = Map.groupBy(rows, ({ lane }) => lane);
  const removed: OutboxRow[] = [];
  for (const { lane, after } of starts) {
    const own = byLane.get(lane) ?? [];
    const through = own.at(-1)?.position;
    // eslint-disable-next-line no-await-in-loop -- lane by lane, in their order
    const [ends] = await tx.run(readEnds, { lane, after });
    if (through === undefined || ends?.last !== through) continue;
    // eslint-disable-next-line no-await-in-loop -- see above
    await tx.run(deleteMessages, { lane, after, through });
    removed.push(...own);
  }
  return removed;
}

/** The row as a message of its key's new lane. The messages of a key stay in one lane, in the same order. */
function movedTo(lanes: readonly LaneRow[], row: OutboxRow) {
  const partition = partitionOf(row.key, lanes.length);
  const lane = lanes.find((one) => one.partition === partition)?.lane;
  if (lane === undefined) throw new RangeError('a partition has no lane');
  const headers = JSON.parse(row.headers) as Readonly<Record<string, string>>;
  const { ceId, key, payload } = row;
  return { lane, ceId, key, headers, payload, generation: BigInt(headers['lk_generation'] ?? 1) };
}
