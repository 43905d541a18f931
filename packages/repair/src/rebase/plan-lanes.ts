import { Failure } from '@latchkey/contracts';
import type { LogOffsets } from '@latchkey/kafka';
import { listAnchorRows, positionColumns, type Session } from '@latchkey/postgres';
import {
  anchorOf,
  type KafkaAccess,
  type LaneEvidence,
  type PublishedRecord,
  readPublishedTail,
  type TailWanted,
  type TopicFindings,
} from '@latchkey/publication';
import { type LanePlan, LanePlanner } from './plan-lane.ts';

const MAX_ROWS_COMPARED_AT_ONCE = 5_000;

/** The logs of the lanes on which both sides differ, from the published position in the database on. */
export function logsToRead({ evidence, logs }: TopicFindings): ReadonlyMap<number, TailWanted> {
  return new Map(
    evidence.lanes
      .filter(({ committed, rowAnchor }) => committed?.anchor !== rowAnchor)
      .flatMap((lane) => tailOf(lane, logs)),
  );
}

function tailOf(
  { partition, publishedThrough }: LaneEvidence,
  logs: ReadonlyMap<number, LogOffsets>,
): readonly (readonly [number, TailWanted])[] {
  const log = logs.get(partition);
  return log === undefined ? [] : [[partition, { log, back: publishedThrough }]];
}

/**
 * Plans how each lane of a topic continues, by partition. Reads the published messages, and changes nothing.
 *
 * @throws Failure LOG_TRIMMED where the retention has deleted some of them meanwhile
 */
export async function planLanes(
  kafka: KafkaAccess,
  session: Pick<Session, 'run'>,
  findings: TopicFindings,
  topic: string,
): Promise<ReadonlyMap<number, LanePlan>> {
  const { lanes } = findings.evidence;
  const planners = new Map(lanes.map((lane) => [lane.partition, new LanePlanner(lane)]));
  const laneOf = new Map(lanes.map(({ partition, lane }) => [partition, lane]));
  const process = async (partition: number, records: readonly PublishedRecord[]): Promise<void> => {
    const planner = planners.get(partition);
    for (let at = 0; at < records.length; at += MAX_ROWS_COMPARED_AT_ONCE) {
      const some = records.slice(at, at + MAX_ROWS_COMPARED_AT_ONCE);
      // eslint-disable-next-line no-await-in-loop -- part by part, in the order of the log
      planner?.compare(some, await rowsFor(session, laneOf.get(partition) ?? 0, planner, some));
    }
  };
  const trimmed = await readPublishedTail(kafka, topic, logsToRead(findings), { process });
  if (trimmed.size > 0) {
    throw new Failure('LOG_TRIMMED', { topic, partitions: [...trimmed].join(', ') });
  }
  return new Map([...planners].map(([partition, planner]) => [partition, planner.plan()]));
}

async function rowsFor(
  session: Pick<Session, 'run'>,
  lane: number,
  planner: LanePlanner,
  records: readonly PublishedRecord[],
): Promise<ReadonlyMap<bigint, string>> {
  const positions = planner.neededRows(records).map((position) => ({ lane, position }));
  if (positions.length === 0) return new Map();
  const rows = await session.run(listAnchorRows, positionColumns(positions));
  return new Map(rows.map((row) => [row.position, anchorOf(row)]));
}
