import { Failure } from '@latchkey/contracts';
import { listAnchorRows, positionColumns, type Session } from '@latchkey/postgres';
import { anchorOf } from '@latchkey/publication';
import type { PlannedStart } from './plan-starts.ts';

/**
 * By lane, the anchor of the message before its start; none where it starts at the first message.
 *
 * @throws Failure OUTBOX_NOT_KEPT where the outbox has deleted one of these messages meanwhile, by its retention
 */
export async function loadAnchorsBefore(
  session: Pick<Session, 'run'>,
  topic: string,
  starts: readonly PlannedStart[],
): Promise<ReadonlyMap<number, string>> {
  const before = starts.map(({ lane, from }) => ({ lane, position: from - 1n }));
  const rows = await session.run(listAnchorRows, positionColumns(before));
  const anchors = new Map(rows.map((row) => [row.lane, anchorOf(row)]));
  const lost = starts.filter(({ lane, from }) => from > 1n && !anchors.has(lane));
  if (lost.length === 0) return anchors;
  const partitions = lost.map(
    ({ partition, from }) => `partition ${partition}: ${from} is not kept any more`,
  );
  throw new Failure('OUTBOX_NOT_KEPT', { topic, partitions });
}
