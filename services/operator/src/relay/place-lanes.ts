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
import { appendRepairAudit } from './append-repair-audit.ts';
import type { Repair } from './open-repair.ts';

/** What was done to one lane. */
export interface MendedLane {
  readonly partition: number;
  /** Up to here the outbox had what was published. */
  readonly common: bigint;
  readonly published: bigint;
  /** Waited to be published, and was published before the database forgot it. */
  readonly dropped: number;
  readonly renumbered: number;
  /** The database had forgotten them, and knows them again. */
  readonly accounts: number;
  /** Messages about accounts of people whom the database does not know. */
  readonly unknownAccounts: number;
  /** They were published in another state than the database has, and are published again. */
  readonly reviews: number;
}

/** A lane whose messages stand where they shall. */
export interface MovedLane {
  readonly goal: LaneGoal;
  /** The message at the published position, where the outbox lacks it. */
  readonly row: AdoptedRow | undefined;
  readonly missingPositions: bigint;
  readonly mended: MendedLane;
}

/**
 * Lets a topic go on: takes over the last messages that were published, and ends the mending of its lanes.
 *
 * @returns false, and nothing is changed, where something was appended to a lane that had nothing else: it is to be moved first
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
    subjectKind: 'output_topic',
    subjectId: topic,
    decidedAtMs: placed?.nowMs ?? 0,
    decisions: lanes.map(({ mended: { common, published, ...more } }) => ({
      kind: 'rebased',
      common: common.toString(),
      published: published.toString(),
      ...more,
    })),
  });
  return true;
}
