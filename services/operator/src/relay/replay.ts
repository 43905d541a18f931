import { Failure } from '@latchkey/contracts';
import { waitUntilOffsetsReady } from '@latchkey/kafka';
import {
  listAnchorRows,
  placeLane,
  placeTopic,
  positionColumns,
  readNow,
  type Session,
  type Tx,
} from '@latchkey/postgres';
import {
  anchorOf,
  checkAnchor,
  commitPositions,
  gatherEvidence,
  type KafkaAccess,
  type LaneEvidence,
  type PublishedRecord,
  RELAY_GROUP,
  type Refusal,
  readLastPublished,
  refusalOfTopic,
  type TopicEvidence,
  type TopicFindings,
} from '@latchkey/publication';
import { type Given, misused } from '@latchkey/runtime';
import { printLine, printRows } from '../print.ts';
import { FLAG, TEXT, verb } from '../verb.ts';
import { appendRepairAudit } from './append-repair-audit.ts';
import { endMoving } from './end-moving.ts';
import { type HeldTopic, holdTopics } from './hold-topics.ts';
import { isForRebase } from './is-for-rebase.ts';
import { openRepair, type Repair, type RepairedTopic } from './open-repair.ts';
import type { ReplayFrom } from './replay-from.ts';
import { type PlacedLane, startAll } from './start-at.ts';

const REPLAY = {
  command: 'relay replay',
  usage: '[--topic T [--partition N] [--from earliest|latest|<position>]] [--json]',
  meaning: 'Kafka went back: publish from there',
  options: { topic: TEXT, partition: TEXT, from: TEXT, json: FLAG },
} as const;

/**
 * Lets the relay go on from a position where Kafka went back: the messages from there on are published
 * (again). Without `--from` each partition goes on behind the last message that its log holds, so that
 * nothing is repeated. `earliest` and `latest` are another position in each partition, so a number is taken
 * for one partition only. Without `--topic` all topics that are refused
 * because Kafka lost something; those that may be for `relay rebase` are listed.
 */
export const relayReplay = verb({
  ...REPLAY,
  check: wantedOf,
  purpose: 'repair',
  run: async (operating, given) => {
    const { db } = operating;
    await using repair = await openRepair(operating);
    const wanted = wantedOf(given);
    const { topics, left } = await topicsToReplay(repair, db, wanted);
    const holding = { db, kafka: repair.kafka, takeOver: false };
    const placed = await holdTopics(holding, topics, async (held) => {
      const lanes: PlacedLane[] = [];
      // eslint-disable-next-line no-await-in-loop -- five topics, one after the other
      for (const one of held) lanes.push(...(await replayTopic(repair, one, wanted)));
      return lanes;
    });
    if (given.json) {
      printRows(
        left.map(({ topic, code, detail }) => ({
          topic,
          refusedCode: code,
          refusedDetail: detail,
        })),
        given.json,
      );
      printRows(
        placed.map(({ topic, partition, from, last }) => ({ topic, partition, from, last })),
        given.json,
      );
      return;
    }
    for (const { topic, code, detail } of left) printLine(`! ${topic}: ${code}: ${detail}`);
    if (placed.length + left.length === 0)
      printLine('nothing to replay: no output topic is refused');
    for (const { topic, partition, from, last } of placed) {
      printLine(`${topic}/${partition} goes on at ${from}; the outbox ends at ${last}`);
    }
  },
});

const FROM_PROBLEM = '--from: expected earliest, latest or a position, from 1 on';

interface Wanted {
  readonly topic: string | undefined;
  readonly partition: number | undefined;
  readonly from: ReplayFrom;
}

function wantedOf({ topic, partition, from }: Given<typeof REPLAY.options>): Wanted {
  const problems = [
    problemOf('--partition: expected a whole number', partition, /^\d{1,6}$/),
    problemOf(FROM_PROBLEM, from, /^(earliest|latest|[1-9]\d{0,17})$/),
    topic === undefined && (partition ?? from) !== undefined
      ? '--topic: required with --partition and --from'
      : undefined,
  ].filter((problem) => problem !== undefined);
  if (problems.length > 0) throw misused(REPLAY, problems);
  return {
    topic,
    partition: partition === undefined ? undefined : Number(partition),
    from: from === undefined || from === 'earliest' || from === 'latest' ? from : BigInt(from),
  };
}

function problemOf(problem: string, text: string | undefined, shape: RegExp): string | undefined {
  return text === undefined || shape.test(text) ? undefined : problem;
}

/** The one that was named, else those of which Kafka lost something. `left` are those that may be for `relay rebase`. */
async function topicsToReplay(
  { topics, kafka }: Repair,
  session: Pick<Session, 'run'>,
  wanted: Wanted,
): Promise<{ readonly topics: readonly RepairedTopic[]; readonly left: readonly LeftTopic[] }> {
  if (wanted.topic !== undefined) {
    return { topics: [namedTopic(topics, wanted.topic, wanted)], left: [] };
  }
  const refused: RepairedTopic[] = [];
  const left: LeftTopic[] = [];
  for (const one of topics) {
    // eslint-disable-next-line no-await-in-loop -- five topics, one after the other
    const { evidence } = await gatherEvidence(kafka, session, one.topic);
    const check = checkAnchor(evidence);
    if (check.kind === 'agreed') continue;
    if (isForRebase(check.refusal)) left.push({ topic: one.topic, ...check.refusal });
    else refused.push(one);
  }
  return { topics: refused, left };
}

interface LeftTopic extends Refusal {
  readonly topic: string;
}

function namedTopic(
  topics: readonly RepairedTopic[],
  name: string,
  { partition, from }: Wanted,
): RepairedTopic {
  const named = topics.find(({ topic }) => topic === name);
  const has = named?.lanes.some((lane) => partition === undefined || lane.partition === partition);
  if (named === undefined || has !== true) {
    throw new Failure('NOT_FOUND', { topic: name, partition });
  }
  if (typeof from === 'bigint' && partition === undefined && named.lanes.length > 1) {
    const problem = `--from: ${name} has ${named.lanes.length} partitions, and ${from} is another message in each: give --partition, too, or earliest or latest`;
    throw misused(REPLAY, [problem]);
  }
  return named;
}

/**
 * Kafka is told before the database: ended in between, another call does the same again, and the relay refuses the topic
 * unless messages were passed over. Who wanted that is in the audit trail before.
 */
async function replayTopic(
  repair: Repair,
  { topic, session, producer, installation }: HeldTopic,
  wanted: Wanted,
): Promise<readonly PlacedLane[]> {
  const { admin } = repair.kafka;
  await waitUntilOffsetsReady(admin, RELAY_GROUP, [topic], AbortSignal.timeout(OFFSETS_READY_MS));
  const findings = await gatherEvidence(repair.kafka, session, topic);
  refuseTopic(topic, findings.evidence);
  const lanes = findings.evidence.lanes.filter(
    ({ partition }) => wanted.partition === undefined || partition === wanted.partition,
  );
  await endMoving(session, topic, findings.evidence, wanted);
  const placed = await placesOf(repair.kafka, session, topic, { findings, lanes }, wanted.from);
  const anchors = await anchorsAt(session, topic, placed);
  const { clusterId, epoch } = findings.evidence;
  // What was published in a later epoch than the database's must not be forgotten: that is for `relay rebase`.
  const epochs = new Map(lanes.map(({ lane, committed }) => [lane, committed?.epoch ?? 0]));
  await session.transaction(async (tx) => {
    audit(tx, repair, topic, { kind: 'replay_begun', placed, nowMs: await readNow(tx) });
  });
  await commitPositions(
    producer,
    { topic, installation },
    placed.map(({ lane, partition, from }) => ({
      partition,
      position: from - 1n,
      anchor: anchors.get(lane) ?? '',
      epoch: Math.max(epoch, epochs.get(lane) ?? 0),
    })),
  );
  await save(session, repair, topic, clusterId, placed);
  return placed;
}

const OFFSETS_READY_MS = 30_000;

/** Another cluster is what may be intended; partitions that are missing are not. */
function refuseTopic(topic: string, evidence: TopicEvidence): void {
  const refusal = refusalOfTopic({ ...evidence, recordedClusterId: undefined });
  if (refusal !== undefined) throw new Failure(refusal.code, { topic, found: refusal.detail });
}

const NOTHING_READ: ReadonlyMap<number, PublishedRecord> = new Map();

async function placesOf(
  kafka: KafkaAccess,
  session: Session,
  topic: string,
  { findings, lanes }: { findings: TopicFindings; lanes: readonly LaneEvidence[] },
  from: ReplayFrom,
): Promise<readonly PlacedLane[]> {
  const own = lanes.map(({ partition }) => partition);
  const logs = new Map([...findings.logs].filter(([partition]) => own.includes(partition)));
  const last = from === undefined ? await readLastPublished(kafka, topic, logs) : NOTHING_READ;
  const toPlace = lanes.map((evidence) => ({
    evidence,
    lastRecord: last.get(evidence.partition),
  }));
  return startAll(session, topic, toPlace, from);
}

/** @throws Failure OUTBOX_NOT_KEPT where the outbox has lost one of the messages since: its retention deletes */
async function anchorsAt(
  session: Pick<Session, 'run'>,
  topic: string,
  placed: readonly PlacedLane[],
): Promise<ReadonlyMap<number, string>> {
  const before = placed.map(({ lane, from }) => ({ lane, position: from - 1n }));
  const rows = await session.run(listAnchorRows, positionColumns(before));
  const anchors = new Map(rows.map((row) => [row.lane, anchorOf(row)]));
  const lost = placed.filter(({ lane, from }) => from > 1n && !anchors.has(lane));
  if (lost.length === 0) return anchors;
  const partitions = lost.map(
    ({ partition, from }) => `partition ${partition}: ${from} is not kept any more`,
  );
  throw new Failure('OUTBOX_NOT_KEPT', { topic, partitions });
}

function save(
  session: Session,
  repair: Repair,
  topic: string,
  clusterId: string,
  placed: readonly PlacedLane[],
): Promise<void> {
  return session.transaction(async (tx) => {
    for (const { lane, from, missingPositions } of placed) {
      // eslint-disable-next-line no-await-in-loop -- lane by lane, in their order
      await tx.run(placeLane, { lane, position: from - 1n, missingPositions });
    }
    // Cleaning waits for these lanes now, so that what is found stays.
    await anchorsAt(tx, topic, placed);
    const [done] = await tx.run(placeTopic, { topic, clusterId });
    audit(tx, repair, topic, { kind: 'replayed', placed, nowMs: done?.nowMs ?? 0 });
  });
}

function audit(
  tx: Tx,
  repair: Repair,
  topic: string,
  { kind, placed, nowMs }: { kind: string; placed: readonly PlacedLane[]; nowMs: number },
): void {
  appendRepairAudit(tx, repair, {
    subjectKind: 'output_topic',
    subjectId: topic,
    decidedAtMs: nowMs,
    decisions: placed.map(({ partition, from }) => ({ kind, partition, from: from.toString() })),
  });
}
