import {
  type AdoptedRow,
  adoptOutboxRow,
  type LaneGoal,
  lockLanes,
  placeLane,
  placeTopic,
  readEnds,
  type Tx,
  textColumn,
} from '@latchkey/postgres';
import { appendRepairAudit } from '../append-repair-audit.ts';
import type { Repair } from '../repair.ts';

/** What a repair did to one lane. */
export interface RepairedLane {
  readonly partition: number;
  /** Through this position the outbox had the published messages. */
  readonly common: bigint;
  readonly published: bigint;
  /** Waiting messages that were deleted: they had been published. */
  readonly dropped: number;
  readonly renumbered: number;
  /** Lost accounts that the database has again. */
  readonly accounts: number;
  /** Messages about accounts of unknown identities. */
  readonly unknownAccounts: number;
  /** Published again: their published state differed from the database's. */
  readonly reviews: number;
}

/** A lane whose messages have their final positions. */
export interface MovedLane {
  readonly goal: LaneGoal;
  /** The message at the published position; undefined where the outbox has it. */
  readonly row: AdoptedRow | undefined;
  readonly missingPositions: bigint;
  readonly repaired: RepairedLane;
}

/**
 * Makes a topic publishable again: inserts the last published messages, sets the positions, and ends the repair of its
 * lanes.
 *
 * @returns false, with nothing changed, where a message was appended to an empty lane meanwhile: it must be moved first
 */
export async function placeLanes(
  tx: Tx,
  by: Pick<Repair, 'operator' | 'owner'>,
  { topic, clusterId }: { readonly topic: string; readonly clusterId: string },
  lanes: readonly MovedLane[],
): Promise<boolean> {
  await tx.run(lockLanes, { lanes: textColumn(lanes.map(({ goal }) => goal.lane)) });
  for (const { goal } of lanes) {
    // eslint-disable-next-line no-await-in-loop -- lane by lane, in their order
    const [ends] = await tx.run(readEnds, goal);
    const first = ends?.first ?? null;
    if (first !== null && first !== goal.to + 1n) return false;
  }
  for (const { goal, row, missingPositions } of lanes) {
    // eslint-disable-next-line no-await-in-loop -- see above
    if (row !== undefined) await tx.run(adoptOutboxRow, row);
    // eslint-disable-next-line no-await-in-loop -- see above
    await tx.run(placeLane, { lane: goal.lane, position: goal.to, missingPositions });
  }
  const [placed] = await tx.run(placeTopic, { topic, clusterId });
  appendRepairAudit(tx, by, {
    subject: { subjectKind: 'output_topic', subjectId: topic },
    nowMs: placed?.nowMs ?? 0,
    decisions: lanes.map(({ repaired: { common, published, ...more } }) => ({
      kind: 'rebased' as const,
      common: common.toString(),
      published: published.toString(),
      ...more,
    })),
  });
  return true;
}
