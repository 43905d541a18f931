import { Failure, partitionOf } from '@latchkey/contracts';
import { addPartitions } from '@latchkey/kafka';
import {
  addLanes,
  addOutputLayout,
  appendOutbox,
  type LaneRow,
  listLanes,
  lockDeciders,
  lockLanes,
  type OutboxRow,
  outboxRange,
  readEnds,
  readOutbox,
  type Session,
  type Tx,
  takeOut,
  textColumn,
} from '@latchkey/postgres';
import {
  gatherEvidence,
  type LaneEvidence,
  positionOf,
  refusalOfLane,
  type TopicEvidence,
} from '@latchkey/publication';
import { MAX_OUTPUT_PARTITIONS } from '@latchkey/runtime';
import { misunderstood, required } from '../bounds.ts';
import { printLine, printRow } from '../print.ts';
import { FLAG, TEXT, verb } from '../verb.ts';
import { appendRepairAudit } from './append-repair-audit.ts';
import { type HeldTopic, holdTopics, refuseAnother } from './hold-topics.ts';
import { openRepair, type Repair } from './open-repair.ts';

/** What waits is moved in one transaction. */
const MAX_MOVED_ROWS_A_LANE = 20_000;
const MAX_MOVED_BYTES = 256 * 1024 * 1024;

/**
 * Gives every output topic more partitions. What waits moves to the partition that its key has from
 * now on, behind everything that was published; whoever decided with the old number is refused from
 * then on. The topics come first: ended in between, services refuse to start until another call has
 * done the rest.
 */
export const relayRepartition = verb({
  command: 'relay repartition',
  usage: '--partitions N [--json]',
  meaning: 'more partitions for every output topic',
  options: { partitions: TEXT, json: FLAG },
  purpose: 'repair',
  run: async (operating, { partitions: given, json }) => {
    const { db } = operating;
    const partitions = partitionsOf(required(given, '--partitions'));
    await using repair = await openRepair(operating);
    const fewest = Math.min(...repair.topics.map(({ lanes }) => lanes.length));
    const most = Math.max(...repair.topics.map(({ lanes }) => lanes.length));
    if (most > partitions) {
      throw misunderstood(`--partitions: the topics have ${most}, and Kafka cannot take any away`);
    }
    const moved =
      fewest === partitions
        ? undefined
        : await holdTopics({ db, kafka: repair.kafka, takeOver: false }, repair.topics, (held) =>
            repartitionAll(repair, held, partitions),
          );
    if (json) printRow({ partitions, topics: repair.topics.length, moved: moved ?? 0 }, json);
    else if (moved === undefined)
      printLine(`nothing to do: every output has ${partitions} partitions`);
    else {
      printLine(
        `${repair.topics.length} topics have ${partitions} partitions; ${moved} waiting messages moved`,
      );
      printLine(`start the services with OUTPUT_PARTITIONS=${partitions}, or without it`);
    }
  },
});

function partitionsOf(text: string): number {
  const partitions = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (partitions >= 1 && partitions <= MAX_OUTPUT_PARTITIONS) return partitions;
  throw misunderstood(`--partitions: expected a whole number from 1 to ${MAX_OUTPUT_PARTITIONS}`);
}

async function repartitionAll(
  repair: Repair,
  held: readonly HeldTopic[],
  partitions: number,
): Promise<number> {
  const { admin } = repair.kafka;
  const published = new Map<string, readonly LaneEvidence[]>();
  for (const { topic, session } of held) {
    // eslint-disable-next-line no-await-in-loop -- five topics, one after the other
    const { evidence } = await gatherEvidence(repair.kafka, session, topic);
    refuseAnother(topic, evidence);
    if (evidence.partitions > partitions) {
      const has = `${topic} has ${evidence.partitions} in Kafka, which cannot take any away`;
      throw misunderstood(`--partitions: ${has}: give that number`);
    }
    // eslint-disable-next-line no-await-in-loop -- see above
    await refuseUnready(session, topic, evidence);
    published.set(topic, evidence.lanes);
  }
  for (const { topic } of held) {
    // eslint-disable-next-line no-await-in-loop -- see above
    await addPartitions(admin, topic, partitions);
  }
  const [first] = held;
  if (first === undefined) return 0;
  return first.session.transaction((tx) => switchLanes(tx, repair, published, partitions));
}

/**
 * What is in the way, as long as relays can still publish the topic: once it has more partitions than the database knows
 * they cannot, and there is no way back.
 *
 * @throws Failure OUTBOX_NOT_DRAINED where a lane has more than is moved at once; what was found where
 *   both sides do not agree
 */
async function refuseUnready(
  session: Pick<Session, 'run'>,
  topic: string,
  { partitions, lanes, epoch }: TopicEvidence,
): Promise<void> {
  if (partitions !== lanes.length) return;
  for (const lane of lanes) {
    const refusal = refusalOfLane(lane, epoch);
    if (refusal !== undefined) throw new Failure(refusal.code, { topic, found: refusal.detail });
    const after = positionOf(lane);
    // eslint-disable-next-line no-await-in-loop -- a handful of lanes
    const [ends] = await session.run(readEnds, { lane: lane.lane, after });
    const waiting = (ends?.last ?? after) - after;
    if (waiting > MAX_MOVED_ROWS_A_LANE) {
      throw new Failure('OUTBOX_NOT_DRAINED', { topic, partition: lane.partition, waiting });
    }
  }
}

async function switchLanes(
  tx: Tx,
  by: Repair,
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
    const waiting = await takeWaiting(tx, own, MAX_MOVED_BYTES / lanes.length);
    // eslint-disable-next-line no-await-in-loop -- see above
    const now = (await tx.run(listLanes, {})).filter((row) => row.topic === topic);
    messages.push(...waiting.map((row) => movedTo(now, row)));
  }
  const [done] = await tx.run(addOutputLayout, {});
  appendRepairAudit(tx, by, {
    subjectKind: 'output_state',
    subjectId: 'layout',
    decidedAtMs: done?.nowMs ?? 0,
    decisions: [{ kind: 'repartitioned', partitions, moved: messages.length }],
  });
  appendOutbox(tx, messages);
  return messages.length;
}

/**
 * Takes what was not published out of its lanes: by lane and position. A lane that has more than is moved at once keeps
 * it, as it keeps what was published.
 */
async function takeWaiting(
  tx: Tx,
  lanes: readonly LaneEvidence[],
  maxBytesALane: number,
): Promise<readonly OutboxRow[]> {
  const maxRows = MAX_MOVED_ROWS_A_LANE;
  const starts = lanes.map((lane) => ({ lane: lane.lane, after: positionOf(lane), maxRows }));
  const rows = await tx.run(readOutbox, outboxRange(starts, Math.floor(maxBytesALane)));
  const byLane = Map.groupBy(rows, ({ lane }) => lane);
  const taken: OutboxRow[] = [];
  for (const { lane, after } of starts) {
    const own = byLane.get(lane) ?? [];
    const through = own.at(-1)?.position;
    // eslint-disable-next-line no-await-in-loop -- lane by lane, in their order
    const [ends] = await tx.run(readEnds, { lane, after });
    if (through === undefined || ends?.last !== through) continue;
    // eslint-disable-next-line no-await-in-loop -- see above
    await tx.run(takeOut, { lane, after, through });
    taken.push(...own);
  }
  return taken;
}

/** All messages of a key were in one lane, and are in one again, in the same order. */
function movedTo(lanes: readonly LaneRow[], row: OutboxRow) {
  const partition = partitionOf(row.key, lanes.length);
  const lane = lanes.find((one) => one.partition === partition)?.lane;
  if (lane === undefined) throw new RangeError('a partition has no lane');
  const headers = JSON.parse(row.headers) as Readonly<Record<string, string>>;
  const { ceId, key, payload } = row;
  return { lane, ceId, key, headers, payload, generation: BigInt(headers['lk_generation'] ?? 1) };
}
