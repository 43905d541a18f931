import { derivedId } from '@latchkey/contracts';
import type { LogOffsets } from '@latchkey/kafka';
import {
  type AdoptedRow,
  adoptOutboxRow,
  appendAudit,
  dropMessages,
  listAnchorRows,
  lockLanes,
  measureWaiting,
  placeLane,
  placeTopic,
  positionColumns,
  renumberOutbox,
  type Session,
  type Tx,
  textColumn,
} from '@latchkey/postgres';
import {
  anchorOf,
  commitPositions,
  digestOf,
  type KafkaAccess,
  type LaneAnchor,
  type LaneEvidence,
  type PublishedRecord,
  readPublishedTail,
  type TopicFindings,
} from '@latchkey/publication';
import type { HeldTopic } from './hold-topics.ts';
import type { Repair } from './open-repair.ts';
import { type LanePlan, planLane } from './plan-lane.ts';

const MAX_ROWS_COMPARED_AT_ONCE = 5_000n;
const MAX_IDS_AT_ONCE = 5_000;

/** What was done to one lane. */
export interface MendedLane {
  readonly partition: number;
  /** Up to here the outbox had what was published. */
  readonly common: bigint;
  readonly published: bigint;
  /** Waited to be published, and was published before the database forgot it. */
  readonly dropped: number;
  readonly renumbered: number;
}

/**
 * Makes the outbox of a topic go on behind what was published. What was decided again and published
 * before is dropped: generations would go back; and all of it is stated again. What was never published
 * gets new positions, and the last message that was is taken over from the topic, so that positions stay
 * contiguous. Kafka is told first: ended in between, the topic is refused as before, and another call
 * does the same again.
 */
export async function mendTopic(
  repair: Repair,
  held: HeldTopic,
  { evidence, logs }: TopicFindings,
  epoch: number,
): Promise<readonly MendedLane[]> {
  const { topic, session, producer, installation } = held;
  const records = await readRecords(repair.kafka, topic, evidence.lanes, logs);
  const plans: LaneToMend[] = [];
  for (const lane of evidence.lanes) {
    const own = records.get(lane.partition) ?? [];
    // eslint-disable-next-line no-await-in-loop -- a handful of lanes
    const plan = await planOf(session, lane, own);
    plans.push({ lane, plan, row: adoptedRow(topic, lane, plan), records: own });
  }
  const positions = plans.flatMap((plan) => positionToCommit(plan, installation, epoch));
  if (positions.length > 0) await commitPositions(producer, { topic, installation }, positions);
  return session.transaction((tx) => writeLanes(tx, repair, topic, evidence.clusterId, plans));
}

interface LaneToMend {
  readonly lane: LaneEvidence;
  readonly plan: LanePlan;
  /** The message at the published position, where the outbox lacks it. */
  readonly row: AdoptedRow | undefined;
  /** The last messages of its partition. */
  readonly records: readonly PublishedRecord[];
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
    .filter(
      ({ committed, rowAnchor }) => committed?.anchor !== rowAnchor || committed === undefined,
    )
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
  const { published } = planLane({ evidence: lane, records, rows: new Map() });
  const rows = new Map<bigint, string>();
  for (let from = noted; from <= published; from += MAX_ROWS_COMPARED_AT_ONCE) {
    const least = from + MAX_ROWS_COMPARED_AT_ONCE;
    const to = least < published + 1n ? least : published + 1n;
    const wanted = Array.from({ length: Number(to - from) }, (_, at) => from + BigInt(at));
    const columns = positionColumns(wanted.map((position) => ({ lane: lane.lane, position })));
    // eslint-disable-next-line no-await-in-loop -- bounded parts, until one is not there
    const found = await session.run(listAnchorRows, columns);
    for (const row of found) rows.set(row.position, anchorOf(row));
    if (found.length === 0) break;
  }
  return planLane({ evidence: lane, records, rows });
}

async function writeLanes(
  tx: Tx,
  { operator, owner }: Repair,
  topic: string,
  clusterId: string,
  plans: readonly LaneToMend[],
): Promise<readonly MendedLane[]> {
  await tx.run(lockLanes, { lanes: textColumn(plans.map(({ lane }) => lane.lane)) });
  const mended: MendedLane[] = [];
  for (const one of plans) {
    // eslint-disable-next-line no-await-in-loop -- lane by lane, in their order
    mended.push(await writeLane(tx, one));
  }
  const [placed] = await tx.run(placeTopic, { topic, clusterId });
  appendAudit(tx, [
    {
      decidedAtMs: placed?.nowMs ?? 0,
      subjectKind: 'output_topic',
      subjectId: topic,
      trigger: 'operator',
      eventId: undefined,
      decider: `operator:${operator}`,
      owner,
      decisions: JSON.stringify(
        mended.map(({ partition, common, published, dropped, renumbered }) => ({
          kind: 'rebased',
          partition,
          common: common.toString(),
          published: published.toString(),
          dropped,
          renumbered,
        })),
      ),
    },
  ]);
  return mended;
}

async function writeLane(tx: Tx, { lane, plan, row, records }: LaneToMend): Promise<MendedLane> {
  const { lane: number, partition, missingPositions } = lane;
  const { common, published } = plan;
  const dropped = await dropPublished(tx, number, common, records);
  const [waiting] = await tx.run(measureWaiting, { lane: number, after: common });
  const hasGap = waiting !== undefined && waiting.last - common !== waiting.rows;
  const moves = common < published || hasGap;
  const [moved] = moves
    ? await tx.run(renumberOutbox, { lane: number, after: common, to: published })
    : [];
  if (row !== undefined) await tx.run(adoptOutboxRow, row);
  await tx.run(placeLane, { lane: number, position: published, missingPositions });
  return { partition, common, published, dropped, renumbered: moved?.renumbered ?? 0 };
}

async function dropPublished(
  tx: Tx,
  lane: number,
  after: bigint,
  records: readonly PublishedRecord[],
): Promise<number> {
  const ids = records.filter(({ position }) => position > after).map(({ ceId }) => ceId);
  let dropped = 0;
  for (let at = 0; at < ids.length; at += MAX_IDS_AT_ONCE) {
    const ceIds = textColumn(ids.slice(at, at + MAX_IDS_AT_ONCE));
    // eslint-disable-next-line no-await-in-loop -- bounded parts, one after the other
    const [answer] = await tx.run(dropMessages, { lane, after, ceIds });
    dropped += answer?.dropped ?? 0;
  }
  return dropped;
}

function adoptedRow(
  topic: string,
  { lane, partition }: LaneEvidence,
  { common, published, record }: LanePlan,
): AdoptedRow | undefined {
  if (common === published) return undefined;
  const message = record?.record;
  if (message === undefined) return placeholder(topic, lane, partition, published);
  const headers = new Map(message.headers.map(([name, value]) => [name, value.toString()]));
  headers.delete('lk_position');
  return {
    lane,
    position: published,
    ceId: headers.get('ce_id') ?? '',
    key: message.key?.toString() ?? '',
    headers: JSON.stringify(Object.fromEntries(headers)),
    payload: message.value?.toString() ?? '',
    generation: BigInt(headers.get('lk_generation') ?? 0),
  };
}

/** The topic's retention has deleted the message; the next one needs a position to follow. */
function placeholder(topic: string, lane: number, partition: number, position: bigint): AdoptedRow {
  const ceId = derivedId('placeholder', topic, String(partition), position.toString());
  return { lane, position, ceId, key: ceId, headers: '{}', payload: '{}', generation: 0n };
}

function anchorOfRow({ ceId, headers, payload }: AdoptedRow): string {
  const { ce_time: decidedAt } = JSON.parse(headers) as { readonly ce_time?: string };
  return anchorOf({ ceId, digest: digestOf(decidedAt, payload) });
}
