import { Failure } from '@latchkey/contracts';
import { waitUntilOffsetsReady } from '@latchkey/kafka';
import { placeLane, placeTopic, readNow, type Session, type Tx } from '@latchkey/postgres';
import {
  checkAnchor,
  checkTopic,
  commitPositions,
  gatherEvidence,
  type KafkaAccess,
  type LaneEvidence,
  type PublishedRecord,
  RELAY_GROUP,
  type Refusal,
  readLastPublished,
  type TopicEvidence,
  type TopicFindings,
} from '@latchkey/publication';
import { appendRepairAudit } from '../append-repair-audit.ts';
import { canRebase } from '../can-rebase.ts';
import { type OwnedTopic, ownTopics } from '../own-topics.ts';
import type { OutputTopic, Repair } from '../repair.ts';
import { finishMoves } from './finish-moves.ts';
import { loadAnchorsBefore } from './load-anchors-before.ts';
import { type PlannedStart, planStarts } from './plan-starts.ts';
import type { ReplayFrom } from './replay-from.ts';

/** What to replay. */
export interface ReplayWanted {
  /** undefined: every topic that is refused because Kafka lost something. */
  readonly topic: string | undefined;
  /** undefined: every partition of the topic. */
  readonly partition: number | undefined;
  /** A position is for one partition: give `partition`, too. */
  readonly from: ReplayFrom;
}

/** A topic whose relay refuses it. */
export interface RefusedTopic extends Refusal {
  readonly topic: string;
}

export type ReplayResult =
  | {
      readonly kind: 'replayed';
      readonly starts: readonly PlannedStart[];
      /** Refused topics that were not replayed, as a rebase may be what they need. */
      readonly left: readonly RefusedTopic[];
    }
  /** A position was given for a topic of several partitions. Nothing was changed. */
  | { readonly kind: 'partition_required'; readonly partitions: number };

/**
 * Makes the relay publish from a position on, after Kafka went back: messages from there on are published (again).
 * Without `from` each partition continues after the last message of its log, so that nothing is repeated.
 *
 * @throws Failure NOT_FOUND for an unknown topic or partition; OUTBOX_NOT_KEPT where the outbox has lost messages from
 *   there on; RELAY_HOLDS_TOPIC; RELAY_INSTALLATION_DIFFERS; RELAY_ANCHOR_DIFFERS and RELAY_ROW_MISSING where the
 *   topic needs a rebase
 */
export async function replay(repair: Repair, wanted: ReplayWanted): Promise<ReplayResult> {
  const found = await findTopics(repair, wanted);
  if (found.kind === 'partition_required') return found;
  const starts = await ownTopics(repair, found.topics, false, async (owned) => {
    const all: PlannedStart[] = [];
    // eslint-disable-next-line no-await-in-loop -- five topics, one after the other
    for (const one of owned) all.push(...(await replayTopic(repair, one, wanted)));
    return all;
  });
  return { kind: 'replayed', starts, left: found.left };
}

type FoundTopics =
  | {
      readonly kind: 'found';
      readonly topics: readonly OutputTopic[];
      readonly left: readonly RefusedTopic[];
    }
  | Extract<ReplayResult, { kind: 'partition_required' }>;

async function findTopics(repair: Repair, wanted: ReplayWanted): Promise<FoundTopics> {
  return wanted.topic === undefined
    ? findRefused(repair)
    : findNamed(repair.topics, wanted.topic, wanted);
}

async function findRefused({ db, kafka, topics }: Repair): Promise<FoundTopics> {
  const refused: OutputTopic[] = [];
  const left: RefusedTopic[] = [];
  for (const one of topics) {
    // eslint-disable-next-line no-await-in-loop -- five topics, one after the other
    const { evidence } = await gatherEvidence(kafka, db, one.topic);
    const check = checkAnchor(evidence);
    if (check.kind === 'agreed') continue;
    if (canRebase(check.refusal)) left.push({ topic: one.topic, ...check.refusal });
    else refused.push(one);
  }
  return { kind: 'found', topics: refused, left };
}

function findNamed(
  topics: readonly OutputTopic[],
  name: string,
  { partition, from }: ReplayWanted,
): FoundTopics {
  const named = topics.find(({ topic }) => topic === name);
  const has = named?.lanes.some((lane) => partition === undefined || lane.partition === partition);
  if (named === undefined || has !== true) {
    throw new Failure('NOT_FOUND', { topic: name, partition });
  }
  const partitions = named.lanes.length;
  return typeof from === 'bigint' && partition === undefined && partitions > 1
    ? { kind: 'partition_required', partitions }
    : { kind: 'found', topics: [named], left: [] };
}

/**
 * Commits to Kafka before it writes to the database: after a kill in between another run repeats both, and the relay refuses
 * the topic unless messages were skipped. The audit trail records the intent before.
 */
async function replayTopic(
  repair: Repair,
  { topic, session, producer, installation }: OwnedTopic,
  wanted: ReplayWanted,
): Promise<readonly PlannedStart[]> {
  const { admin } = repair.kafka;
  await waitUntilOffsetsReady(admin, RELAY_GROUP, [topic], AbortSignal.timeout(OFFSETS_READY_MS));
  const findings = await gatherEvidence(repair.kafka, session, topic);
  refuseTopic(topic, findings.evidence);
  const lanes = findings.evidence.lanes.filter(
    ({ partition }) => wanted.partition === undefined || partition === wanted.partition,
  );
  await finishMoves(session, topic, findings.evidence, wanted);
  const starts = await startsOf(repair.kafka, session, topic, { findings, lanes }, wanted.from);
  const anchors = await loadAnchorsBefore(session, topic, starts);
  const { clusterId, epoch } = findings.evidence;
  // A published epoch above the database's must stay known: it is for a rebase.
  const epochs = new Map(lanes.map(({ lane, committed }) => [lane, committed?.epoch ?? 0]));
  await session.transaction(async (tx) => {
    audit(tx, repair, topic, { kind: 'replay_begun', starts, nowMs: await readNow(tx) });
  });
  await commitPositions(
    producer,
    { topic, installation },
    starts.map(({ lane, partition, from }) => ({
      partition,
      position: from - 1n,
      anchor: anchors.get(lane) ?? '',
      epoch: Math.max(epoch, epochs.get(lane) ?? 0),
    })),
  );
  await save(session, repair, topic, clusterId, starts);
  return starts;
}

const OFFSETS_READY_MS = 30_000;

/** Another cluster may be intended; missing partitions are not. */
function refuseTopic(topic: string, evidence: TopicEvidence): void {
  const refusal = checkTopic({ ...evidence, recordedClusterId: undefined });
  if (refusal !== undefined) throw new Failure(refusal.code, { topic, found: refusal.detail });
}

const NOTHING_READ: ReadonlyMap<number, PublishedRecord> = new Map();

async function startsOf(
  kafka: KafkaAccess,
  session: Session,
  topic: string,
  { findings, lanes }: { findings: TopicFindings; lanes: readonly LaneEvidence[] },
  from: ReplayFrom,
): Promise<readonly PlannedStart[]> {
  const wanted = lanes.map(({ partition }) => partition);
  const logs = new Map([...findings.logs].filter(([partition]) => wanted.includes(partition)));
  const last = from === undefined ? await readLastPublished(kafka, topic, logs) : NOTHING_READ;
  const toStart = lanes.map((evidence) => ({
    evidence,
    lastRecord: last.get(evidence.partition),
  }));
  return planStarts(session, topic, toStart, from);
}

function save(
  session: Session,
  repair: Repair,
  topic: string,
  clusterId: string,
  starts: readonly PlannedStart[],
): Promise<void> {
  return session.transaction(async (tx) => {
    for (const { lane, from, missingPositions } of starts) {
      // eslint-disable-next-line no-await-in-loop -- lane by lane, in their order
      await tx.run(placeLane, { lane, position: from - 1n, missingPositions });
    }
    // Cleaning waits for these lanes from now on, so that what is found stays.
    await loadAnchorsBefore(tx, topic, starts);
    const [done] = await tx.run(placeTopic, { topic, clusterId });
    audit(tx, repair, topic, { kind: 'replayed', starts, nowMs: done?.nowMs ?? 0 });
  });
}

interface AuditedReplay {
  readonly kind: 'replay_begun' | 'replayed';
  readonly starts: readonly PlannedStart[];
  readonly nowMs: number;
}

function audit(
  tx: Tx,
  repair: Repair,
  topic: string,
  { kind, starts, nowMs }: AuditedReplay,
): void {
  appendRepairAudit(tx, repair, {
    subject: { subjectKind: 'output_topic', subjectId: topic },
    nowMs,
    decisions: starts.map(({ partition, from }) => ({ kind, partition, from: from.toString() })),
  });
}
