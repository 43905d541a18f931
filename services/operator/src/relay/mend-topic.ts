import type { LogOffsets } from '@latchkey/kafka';
import {
  type AdoptedRow,
  type LaneGoal,
  listAnchorRows,
  markMending,
  mendingColumns,
  positionColumns,
  type Session,
} from '@latchkey/postgres';
import {
  anchorOf,
  commitPositions,
  type KafkaAccess,
  type LaneAnchor,
  type LaneEvidence,
  type PublishedRecord,
  positionOf,
  readPublishedTail,
  type TopicFindings,
} from '@latchkey/publication';
import { adoptedRow, anchorOfRow } from './adopted-row.ts';
import type { HeldTopic } from './hold-topics.ts';
import { dropKnown, moveLane } from './move-lane.ts';
import type { Repair } from './open-repair.ts';
import { type MendedLane, type MovedLane, placeLanes } from './place-lanes.ts';
import { type LanePlan, planLane } from './plan-lane.ts';

const MAX_ROWS_COMPARED_AT_ONCE = 5_000n;

/**
 * What is to be done about each lane of a topic that is held. Changes nothing.
 *
 * @throws Failure LOG_TAIL_TOO_LONG where more was published since than can be looked through
 */
export async function planTopic(
  { kafka }: Repair,
  { topic, session }: HeldTopic,
  { evidence, logs }: TopicFindings,
): Promise<readonly LaneToMend[]> {
  const records = await readRecords(kafka, topic, evidence.lanes, logs);
  const plans: LaneToMend[] = [];
  for (const lane of evidence.lanes) {
    const own = records.get(lane.partition) ?? [];
    // eslint-disable-next-line no-await-in-loop -- a handful of lanes
    const plan = await planOf(session, lane, own);
    const published = own.filter(({ position }) => position > plan.common);
    const known = new Set(published.map(({ ceId }) => ceId));
    plans.push({ lane, plan, row: adoptedRow(topic, lane, plan), known });
  }
  return plans;
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
  held: HeldTopic,
  clusterId: string,
  plans: readonly LaneToMend[],
  epoch: number,
): Promise<readonly MendedLane[]> {
  const { topic, session, producer, installation } = held;
  const marks = plans.map(({ lane, plan }) => ({ lane: lane.lane, position: plan.common }));
  await session.run(markMending, mendingColumns(marks));
  const positions = plans.flatMap((plan) => positionToCommit(plan, installation, epoch));
  if (positions.length > 0) await commitPositions(producer, { topic, installation }, positions);
  return moveAndPlace(session, repair, { topic, clusterId }, plans);
}

/** A lane, and how it is to go on. */
export interface LaneToMend {
  readonly lane: LaneEvidence;
  readonly plan: LanePlan;
  /** The message at the published position, where the outbox lacks it. */
  readonly row: AdoptedRow | undefined;
  /** The ids of the messages behind what is common: what waits and bears one of them was published. */
  readonly known: ReadonlySet<string>;
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

function readRecords(
  kafka: KafkaAccess,
  topic: string,
  lanes: readonly LaneEvidence[],
  logs: ReadonlyMap<number, LogOffsets>,
): Promise<ReadonlyMap<number, readonly PublishedRecord[]>> {
  const wanted = lanes
    .filter(({ committed, rowAnchor }) => committed?.anchor !== rowAnchor)
    .flatMap(({ partition, committed, publishedThrough }) => {
      const log = logs.get(partition);
      if (log === undefined) return [];
      return [[partition, { log, back: publishedThrough, keep: committed?.position }] as const];
    });
  return readPublishedTail(kafka, topic, new Map(wanted));
}

async function planOf(
  session: Session,
  lane: LaneEvidence,
  records: readonly PublishedRecord[],
): Promise<LanePlan> {
  const noted = lane.publishedThrough;
  const published = positionOf(lane);
  const rows = new Map<bigint, string>();
  for (let from = noted; from <= published; from += MAX_ROWS_COMPARED_AT_ONCE) {
    const least = from + MAX_ROWS_COMPARED_AT_ONCE;
    const to = least < published + 1n ? least : published + 1n;
    const wanted = Array.from({ length: Number(to - from) }, (_, at) => from + BigInt(at));
    const columns = positionColumns(wanted.map((position) => ({ lane: lane.lane, position })));
    // eslint-disable-next-line no-await-in-loop -- part by part, until none of it is there
    const found = await session.run(listAnchorRows, columns);
    for (const row of found) rows.set(row.position, anchorOf(row));
    if (found.length === 0) break;
  }
  return planLane({ evidence: lane, records, rows });
}

async function moveAndPlace(
  session: Session,
  repair: Repair,
  topic: { readonly topic: string; readonly clusterId: string },
  plans: readonly LaneToMend[],
): Promise<readonly MendedLane[]> {
  const first: MovedLane[] = [];
  for (const plan of plans) {
    // eslint-disable-next-line no-await-in-loop -- lane by lane, in their order
    first.push(await moveMessages(session, plan));
  }
  let moved: readonly MovedLane[] = first;
  // What is appended to a lane that has other messages stands right.
  for (;;) {
    const lanes = moved;
    // eslint-disable-next-line no-await-in-loop -- once more for each lane that something is appended to
    const isPlaced = await session.transaction((tx) => placeLanes(tx, repair, topic, lanes));
    if (isPlaced) return lanes.map(({ mended }) => mended);
    // eslint-disable-next-line no-await-in-loop -- see above
    moved = await moveAppended(session, lanes);
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

async function moveMessages(
  session: Session,
  { lane: { lane, partition, missingPositions }, plan, row, known }: LaneToMend,
): Promise<MovedLane> {
  const { common, published } = plan;
  const goal: LaneGoal = { lane, after: common, to: published };
  const dropped = await dropKnown(session, goal, known);
  const renumbered = await moveLane(session, goal);
  const mended = { partition, common, published, dropped, renumbered };
  return { goal, row, missingPositions, mended };
}
