import type { Outputs } from '@latchkey/intake';
import {
  type AdoptedRow,
  encodeMoves,
  type LaneGoal,
  markMoving,
  type Session,
} from '@latchkey/postgres';
import {
  commitPositions,
  type LaneAnchor,
  type LaneEvidence,
  type TopicFindings,
} from '@latchkey/publication';
import { moveLane } from '../move/move-lane.ts';
import type { OwnedTopic } from '../own-topics.ts';
import type { Repair } from '../repair.ts';
import { anchorOfRow, buildAdoptedRow } from './adopted-row.ts';
import { type MovedLane, placeLanes, type RepairedLane } from './place-lanes.ts';
import type { LanePlan } from './plan-lane.ts';
import { logsToRead, planLanes } from './plan-lanes.ts';
import { type Recovered, recoverLost } from './recover-lost.ts';

/** An owned topic, and how its lanes continue. */
export interface PlannedTopic {
  readonly owned: OwnedTopic;
  readonly findings: TopicFindings;
  readonly lanes: readonly LaneToRepair[];
}

/** A lane, and how it continues. */
interface LaneToRepair {
  readonly lane: LaneEvidence;
  readonly plan: LanePlan;
  /** The message at the published position; undefined where the outbox has it. */
  readonly row: AdoptedRow | undefined;
}

/** Plans how the lanes of an owned topic continue. Changes nothing. */
export async function planTopic(
  { kafka }: Repair,
  owned: OwnedTopic,
  findings: TopicFindings,
): Promise<PlannedTopic> {
  const { topic, session } = owned;
  const plans = await planLanes(kafka, session, findings, topic);
  const lanes = findings.evidence.lanes.flatMap((lane): readonly LaneToRepair[] => {
    const plan = plans.get(lane.partition);
    return plan === undefined ? [] : [{ lane, plan, row: buildAdoptedRow(topic, lane, plan) }];
  });
  return { owned, findings, lanes };
}

/**
 * Makes the outbox of a topic continue after the published messages. Waiting messages that had been published are deleted:
 * generations would go back, and everything is stated again anyway. Messages that were never published get new positions.
 * The last published message is copied from the topic, so that positions stay contiguous.
 *
 * All of it in transactions of bounded size. First the lanes are marked with their common positions: from then on relays
 * refuse the topic, and another run can finish this one after a kill. Then positions are committed to Kafka. The last
 * transaction removes the marks.
 */
export async function repairTopic(
  repair: Repair,
  planned: PlannedTopic,
  { epoch, outputs }: { readonly epoch: number; readonly outputs: Outputs },
): Promise<readonly RepairedLane[]> {
  const { owned, lanes } = planned;
  const { topic, session, producer, installation } = owned;
  const marks = lanes.map(({ lane: { lane }, plan }) => ({ lane, position: plan.common }));
  await session.run(markMoving, encodeMoves(marks));
  const positions = lanes.flatMap((lane) => positionToCommit(lane, installation, epoch));
  if (positions.length > 0) await commitPositions(producer, { topic, installation }, positions);
  return moveAndPlace(repair, planned, outputs);
}

/** The position to commit where the last message is copied from the topic, or another installation has committed; else empty. */
function positionToCommit(
  { lane: { partition, committed }, row }: LaneToRepair,
  installation: string,
  epoch: number,
): readonly Omit<LaneAnchor, 'lane'>[] {
  if (row !== undefined) {
    return [{ partition, position: row.position, anchor: anchorOfRow(row), epoch }];
  }
  if (committed === undefined || committed.installation === installation) return [];
  return [{ partition, ...committed }];
}

async function moveAndPlace(
  repair: Repair,
  { owned: { topic, session }, findings, lanes }: PlannedTopic,
  outputs: Outputs,
): Promise<readonly RepairedLane[]> {
  const { clusterId } = findings.evidence;
  const toDrop = lanes.map(({ lane: { lane, partition }, plan: { common } }) => ({
    partition,
    lane,
    after: common,
  }));
  const from = { kafka: repair.kafka, topic, outputs };
  const lost = await recoverLost(from, session, toDrop, logsToRead(findings));
  const first: MovedLane[] = [];
  for (const lane of lanes) {
    // eslint-disable-next-line no-await-in-loop -- lane by lane, in their order
    const renumbered = await moveLane(session, goalOf(lane));
    first.push(movedLane(lane, { ...countsOf(lost, lane.lane.partition), renumbered }));
  }
  let moved: readonly MovedLane[] = first;
  // Messages that are appended to a lane with other messages have their final positions.
  for (;;) {
    const current = moved;
    // eslint-disable-next-line no-await-in-loop -- again for each empty lane that a message is appended to
    const isPlaced = await session.transaction((tx) =>
      placeLanes(tx, repair, { topic, clusterId }, current),
    );
    if (isPlaced) return current.map(({ repaired }) => repaired);
    // eslint-disable-next-line no-await-in-loop -- see above
    moved = await moveAppended(session, current);
  }
}

/** The same lanes, with messages that were appended meanwhile at their final positions. */
async function moveAppended(
  session: Session,
  lanes: readonly MovedLane[],
): Promise<readonly MovedLane[]> {
  const moved: MovedLane[] = [];
  for (const { repaired, ...lane } of lanes) {
    // eslint-disable-next-line no-await-in-loop -- lane by lane, in their order
    const renumbered = repaired.renumbered + (await moveLane(session, lane.goal));
    moved.push({ ...lane, repaired: { ...repaired, renumbered } });
  }
  return moved;
}

function countsOf(
  { dropped, adopted, reviews }: Recovered,
  partition: number,
): Pick<RepairedLane, 'dropped' | 'accounts' | 'unknownAccounts' | 'reviews'> {
  const { adopted: accounts = 0, unknown: unknownAccounts = 0 } = adopted.get(partition) ?? {};
  const { opened = 0, resolved = 0 } = reviews.get(partition) ?? {};
  const count = dropped.get(partition) ?? 0;
  return { dropped: count, accounts, unknownAccounts, reviews: opened + resolved };
}

function movedLane(
  lane: LaneToRepair,
  done: Omit<RepairedLane, 'partition' | 'common' | 'published'>,
): MovedLane {
  const { partition, missingPositions } = lane.lane;
  const { common, published } = lane.plan;
  const repaired = { partition, common, published, ...done };
  return { goal: goalOf(lane), row: lane.row, missingPositions, repaired };
}

function goalOf({ lane: { lane }, plan: { common, published } }: LaneToRepair): LaneGoal {
  return { lane, after: common, to: published };
}
