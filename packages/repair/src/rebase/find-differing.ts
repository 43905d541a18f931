import { Failure } from '@latchkey/contracts';
import { type Db, measureDistance, type Session } from '@latchkey/postgres';
import {
  checkLane,
  checkTopic,
  gatherEvidence,
  isClaimed,
  type KafkaAccess,
  positionOf,
  type Refusal,
  type TopicEvidence,
  type TopicFindings,
  treatAsOwn,
} from '@latchkey/publication';
import { canRebase } from '../can-rebase.ts';
import type { OutputTopic } from '../repair.ts';

/**
 * What PostgreSQL and Kafka have of a topic; see `gatherEvidence`.
 *
 * @param takeOver - treats messages of another installation as published by this one
 */
export async function examine(
  kafka: KafkaAccess,
  session: Pick<Session, 'run'>,
  topic: string,
  takeOver: boolean,
): Promise<TopicFindings> {
  const found = await gatherEvidence(kafka, session, topic);
  return takeOver ? { ...found, evidence: treatAsOwn(found.evidence) } : found;
}

/**
 * The topics that must be repaired, or claimed.
 *
 * @throws Failure with the code of the finding where the database did not go back
 */
export async function findDiffering<T extends OutputTopic>(
  db: Db,
  topics: readonly T[],
  findings: ReadonlyMap<string, TopicFindings>,
  takeOver: boolean,
): Promise<readonly T[]> {
  const differing: T[] = [];
  for (const topic of topics) {
    const evidence = findings.get(topic.topic)?.evidence;
    if (evidence === undefined) continue;
    // eslint-disable-next-line no-await-in-loop -- five topics
    const isDifferent = await differs(db, topic.topic, evidence);
    if (isDifferent || (takeOver && !isClaimed(evidence))) differing.push(topic);
  }
  return differing;
}

async function differs(
  session: Pick<Session, 'run'>,
  topic: string,
  evidence: TopicEvidence,
): Promise<boolean> {
  refuseUnlessRebasable(topic, checkTopic(evidence));
  const refusals = evidence.lanes.map((lane) => checkLane(lane, evidence.epoch));
  for (const refusal of refusals) refuseUnlessRebasable(topic, refusal);
  return refusals.some((refusal) => refusal !== undefined) || (await hasHole(session, evidence));
}

function refuseUnlessRebasable(topic: string, refusal: Refusal | undefined): void {
  if (refusal === undefined || canRebase(refusal)) return;
  throw new Failure(refusal.code, { topic, found: refusal.detail });
}

async function hasHole(session: Pick<Session, 'run'>, { lanes }: TopicEvidence): Promise<boolean> {
  for (const lane of lanes) {
    const after = positionOf(lane);
    const goal = { lane: lane.lane, after, to: after };
    // eslint-disable-next-line no-await-in-loop -- a handful of lanes
    const [distance] = await session.run(measureDistance, goal);
    if (distance !== undefined && distance.fallingFirst !== null) return true;
  }
  return false;
}
