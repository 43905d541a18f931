import type { Outputs } from '@latchkey/intake';
import {
  type AdoptedRow,
  type LaneGoal,
  markMending,
  mendingColumns,
  type Session,
} from '@latchkey/postgres';
import {
  commitPositions,
  type LaneAnchor,
  type LaneEvidence,
  type TopicFindings,
} from '@latchkey/publication';
import { adoptedRow, anchorOfRow } from './adopted-row.ts';
import type { HeldTopic } from './hold-topics.ts';
import { moveLane } from './move-lane.ts';
import type { Repair } from './open-repair.ts';
import { type MendedLane, type MovedLane, placeLanes } from './place-lanes.ts';
import type { LanePlan } from './plan-lane.ts';
import { logsToRead, readPlans } from './read-plans.ts';
import { type LostTaken, takeLost } from './take-lost.ts';

/** A topic that is held, and how its lanes are to go on. */
export interface PlannedTopic {
  readonly held: HeldTopic;
  readonly findings: TopicFindings;
  readonly lanes: readonly LaneToMend[];
}

/** A lane, and how it is to go on. */
interface LaneToMend {
  readonly lane: LaneEvidence;
  readonly plan: LanePlan;
  /** The message at the published position, where the outbox lacks it. */
  readonly row: AdoptedRow | undefined;
}

/** What is to be done about each lane of a topic that is held. Changes nothing. */
export async function planTopic(
  { kafka }: Repair,
  held: HeldTopic,
  findings: TopicFindings,
): Promise<PlannedTopic> {
  const { topic, session } = held;
  const plans = await readPlans(kafka, session, findings, topic);
  const lanes = findings.evidence.lanes.flatMap((lane): readonly LaneToMend[] => {
    const plan = plans.get(lane.partition);
    return plan === undefined ? [] : [{ lane, plan, row: adoptedRow(topic, lane, plan) }];
  });
  return { held, findings, lanes };
}

/**
 * Makes the outbox of a topic go on behind what was published. What was decided again and published
 * before is dropped: generations would go back; and all of it is stated again. What was never published
 * gets new positions, and the last message that was is taken over from the topic, so that positions stay
 * contiguous.
 *
 * All of it in transactions of bounded size. First the lanes are marked, with what is common: from then on relays
 * refuse the topic, and another call knows what is to be moved, however far this one comes. Then Kafka is told. The
 * last transaction takes the marks away.
 */
export async function mendTopic(
  repair: Repair,
  planned: PlannedTopic,
  { epoch, outputs }: { readonly epoch: number; readonly outputs: Outputs },
): Promise<readonly MendedLane[]> {
  const { held, lanes } = planned;
  const { topic, session, producer, installation } = held;
  const marks = lanes.map(({ lane: { lane }, plan }) => ({ lane, position: plan.common }));
  await session.run(markMending, mendingColumns(marks));
  const positions = lanes.flatMap((lane) => positionToCommit(lane, installation, epoch));
  if (positions.length > 0) await commitPositions(producer, { topic, installation }, positions);
  return moveAndPlace(repair, planned, outputs);
}

/** Where the outbox takes a message over from the topic, and where the position does not bear our installation's id. */
function positionToCommit(
  { lane: { partition, committed }, row }: LaneToMend,
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
  { held: { topic, session }, findings, lanes }: PlannedTopic,
  outputs: Outputs,
): Promise<readonly MendedLane[]> {
  const { clusterId } = findings.evidence;
  const toDrop = lanes.map(({ lane: { lane, partition }, plan: { common } }) => ({
    partition,
    lane,
    after: common,
  }));
  const from = { kafka: repair.kafka, topic, outputs };
  const lost = await takeLost(from, session, toDrop, logsToRead(findings));
  const first: MovedLane[] = [];
  for (const lane of lanes) {
    // eslint-disable-next-line no-await-in-loop -- lane by lane, in their order
    const renumbered = await moveLane(session, goalOf(lane));
    first.push(movedLane(lane, { ...countsOf(lost, lane.lane.partition), renumbered }));
  }
  let moved: readonly MovedLane[] = first;
  // What is appended to a lane that has other messages stands right.
  for (;;) {
    const current = moved;
    // eslint-disable-next-line no-await-in-loop -- once more for each lane that something is appended to
    const isPlaced = await session.transaction((tx) =>
      placeLanes(tx, repair, { topic, clusterId }, current),
    );
    if (isPlaced) return current.map(({ mended }) => mended);
    // eslint-disable-next-line no-await-in-loop -- see above
    moved = await moveAppended(session, current);
  }
}

/** The same lanes, with what was appended since where it shall stand. */
async function moveAppended(
  session: Session,
  lanes: readonly MovedLane[],
): Promise<readonly MovedLane[]> {
  const moved: MovedLane[] = [];
  for (const { mended, ...lane } of lanes) {
    // eslint-disable-next-line no-await-in-loop -- lane by lane, in their order
    const renumbered = mended.renumbered + (await moveLane(session, lane.goal));
    moved.push({ ...lane, mended: { ...mended, renumbered } });
  }
  return moved;
}

function countsOf(
  { dropped, adopted, reviews }: LostTaken,
  partition: number,
): Pick<MendedLane, 'dropped' | 'accounts' | 'unknownAccounts' | 'reviews'> {
  const { adopted: accounts = 0, unknown: unknownAccounts = 0 } = adopted.get(partition) ?? {};
  const { opened = 0, resolved = 0 } = reviews.get(partition) ?? {};
  const count = dropped.get(partition) ?? 0;
  return { dropped: count, accounts, unknownAccounts, reviews: opened + resolved };
}

function movedLane(
  lane: LaneToMend,
  done: Omit<MendedLane, 'partition' | 'common' | 'published'>,
): MovedLane {
  const { partition, missingPositions } = lane.lane;
  const { common, published } = lane.plan;
  const mended = { partition, common, published, ...done };
  return { goal: goalOf(lane), row: lane.row, missingPositions, mended };
}

function goalOf({ lane: { lane }, plan: { common, published } }: LaneToMend): LaneGoal {
  return { lane, after: common, to: published };
}
