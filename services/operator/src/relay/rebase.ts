import { Failure } from '@latchkey/contracts';
import { type Outputs, type Restated, restateAll } from '@latchkey/intake';
import { type Db, measureDistance, readOutputState, type Session } from '@latchkey/postgres';
import {
  gatherEvidence,
  isClaimed,
  positionOf,
  type Refusal,
  refusalOfLane,
  refusalOfTopic,
  type TopicEvidence,
  type TopicFindings,
  takenOver,
} from '@latchkey/publication';
import { inputTopicNames } from '@latchkey/runtime';
import { outputsOf } from '../outputs.ts';
import { printLine, printRow } from '../print.ts';
import { FLAG, verb } from '../verb.ts';
import { type HeldTopic, holdTopics } from './hold-topics.ts';
import { untilInputsTaken } from './inputs-lag.ts';
import { isForRebase } from './is-for-rebase.ts';
import { mendTopic, type PlannedTopic, planTopic } from './mend-topic.ts';
import { openRepair, type Repair, type RepairedTopic } from './open-repair.ts';
import type { MendedLane } from './place-lanes.ts';
import { highestEpoch, raiseAbove } from './raise-epoch.ts';

/**
 * Mends the outbox of a database that went back: raises the epoch, lets every lane go on behind what
 * was published, and states everything again. Where both sides agree it only finishes what an earlier
 * run has begun; `--all` states everything again all the same. `--take-over` treats topics of another
 * installation as if this one had published them, and claims them.
 *
 * The inputs come first: what was published and forgotten comes about again when they are read again, and is found to
 * be published only as long as it waits. `--now` does not wait for them.
 */
export const relayRebase = verb({
  command: 'relay rebase',
  usage: '[--all] [--take-over] [--now] [--json]',
  meaning: 'the database went back: state everything again',
  options: { all: FLAG, 'take-over': FLAG, now: FLAG, json: FLAG },
  purpose: 'repair',
  run: async (operating, { all, 'take-over': takeOver, now, json }) => {
    const { db, settings } = operating;
    await using repair = await openRepair(operating);
    // What another installation has published is taken for our own.
    const examine: Examine = async (session, topic) => {
      const found = await gatherEvidence(repair.kafka, session, topic);
      return takeOver ? { ...found, evidence: takenOver(found.evidence) } : found;
    };
    const findings = await examineAll(examine, db, repair.topics);
    const differing = await differingOf(db, repair.topics, findings, takeOver);
    const isNeeded = differing.length > 0 || all;
    const outputs = await outputsOf(db, settings);
    if (isNeeded && !now) {
      await untilInputsTaken(repair.kafka.admin, db, Object.values(inputTopicNames(settings)));
    }
    const mended = isNeeded
      ? await holdTopics({ db, kafka: repair.kafka, takeOver }, differing, (held) =>
          mendAll(db, repair, held, {
            before: findings,
            isForced: all,
            takeOver,
            examine,
            outputs,
          }),
        )
      : [];
    const { epoch, restatingSinceMs } = await readOutputState(db);
    if (restatingSinceMs === null) {
      if (json) print({ ...NOTHING, epoch }, json);
      else printLine('nothing to rebase: the outbox is what was published');
      return;
    }
    const { operator, owner } = repair;
    const restated = await restateAll(db, epoch, { outputs, operator, owner });
    const lanes = mended.flat();
    const sum = (name: keyof Omit<MendedLane, 'partition' | 'common' | 'published'>): number =>
      lanes.reduce((total, lane) => total + lane[name], 0);
    const rebased = {
      topics: mended.length,
      dropped: sum('dropped'),
      renumbered: sum('renumbered'),
      forgottenAccounts: sum('accounts'),
      unknownAccounts: sum('unknownAccounts'),
      forgottenReviews: sum('reviews'),
    };
    print({ epoch, ...rebased, ...restated }, json);
  },
});

/** What a rebase has done. */
interface Rebased extends Restated {
  readonly epoch: number;
  readonly topics: number;
  readonly dropped: number;
  readonly renumbered: number;
  /** Accounts that were published, and that the database knows again. */
  readonly forgottenAccounts: number;
  /** Messages about accounts of people whom the database does not know: consumers keep these accounts as they are. */
  readonly unknownAccounts: number;
  /** Reviews that were published in another state than the database has. */
  readonly forgottenReviews: number;
}

const NOTHING: Omit<Rebased, 'epoch'> = {
  topics: 0,
  dropped: 0,
  renumbered: 0,
  forgottenAccounts: 0,
  unknownAccounts: 0,
  forgottenReviews: 0,
  identities: 0,
  accounts: 0,
  verifications: 0,
};

function print(rebased: Rebased, json: boolean): void {
  const { epoch, topics, dropped, renumbered, identities, accounts, verifications } = rebased;
  if (json) {
    printRow(rebased, json);
    return;
  }
  printLine(
    `epoch ${epoch}; ${topics} topics mended, ${dropped} messages known already, ${renumbered} renumbered`,
  );
  const { forgottenAccounts, unknownAccounts, forgottenReviews } = rebased;
  if (forgottenAccounts > 0) {
    printLine(`${forgottenAccounts} accounts were published and forgotten: they are decided anew`);
  }
  if (forgottenReviews > 0) {
    printLine(
      `${forgottenReviews} reviews were published in another state than the database has: published again`,
    );
  }
  if (unknownAccounts > 0) {
    printLine(
      `! ${unknownAccounts} messages are about accounts of people whom the database does not know: consumers keep these accounts`,
    );
  }
  printLine(
    `stated again: ${identities} identities, ${accounts} accounts, ${verifications} verifications`,
  );
}

/** What both sides say of a topic; see `gatherEvidence`. */
type Examine = (session: Pick<Session, 'run'>, topic: string) => Promise<TopicFindings>;

async function examineAll(
  examine: Examine,
  session: Pick<Session, 'run'>,
  topics: readonly RepairedTopic[],
): Promise<Map<string, TopicFindings>> {
  const findings = new Map<string, TopicFindings>();
  for (const { topic } of topics) {
    // eslint-disable-next-line no-await-in-loop -- five topics, one after the other
    findings.set(topic, await examine(session, topic));
  }
  return findings;
}

/** The topics that must be mended, or claimed. */
async function differingOf<T extends RepairedTopic>(
  db: Db,
  topics: readonly T[],
  findings: ReadonlyMap<string, TopicFindings>,
  takeOver: boolean,
): Promise<readonly T[]> {
  const differing: T[] = [];
  for (const topic of topics) {
    // eslint-disable-next-line no-await-in-loop -- five topics
    const isDifferent = await differs(db, topic.topic, findings);
    if (isDifferent || (takeOver && !hasClaimed(topic.topic, findings))) differing.push(topic);
  }
  return differing;
}

/** @throws Failure what was found where the database did not go back */
async function differs(
  session: Pick<Session, 'run'>,
  topic: string,
  findings: ReadonlyMap<string, TopicFindings>,
): Promise<boolean> {
  const evidence = findings.get(topic)?.evidence;
  if (evidence === undefined) return false;
  refuseUnmendable(topic, refusalOfTopic(evidence));
  const refusals = evidence.lanes.map((lane) => refusalOfLane(lane, evidence.epoch));
  for (const refusal of refusals) refuseUnmendable(topic, refusal);
  return refusals.some((refusal) => refusal !== undefined) || (await hasHole(session, evidence));
}

function refuseUnmendable(topic: string, refusal: Refusal | undefined): void {
  if (refusal === undefined || isForRebase(refusal)) return;
  throw new Failure(refusal.code, { topic, found: refusal.detail });
}

function hasClaimed(topic: string, findings: ReadonlyMap<string, TopicFindings>): boolean {
  const evidence = findings.get(topic)?.evidence;
  return evidence !== undefined && isClaimed(evidence);
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

/**
 * Mends the topics that still differ once this command holds them. With `isForced` the epoch is raised even if none does.
 *
 * @returns the lanes of each topic that was mended
 */
async function mendAll(
  db: Db,
  repair: Repair,
  held: readonly HeldTopic[],
  { before, isForced, takeOver, examine, outputs }: Mending,
): Promise<readonly (readonly MendedLane[])[]> {
  // Only what is read once the topics are ours is final.
  const findings = new Map(before);
  for (const { topic, session } of held) {
    // eslint-disable-next-line no-await-in-loop -- five topics, one after the other
    findings.set(topic, await examine(session, topic));
  }
  // Another command may have mended them meanwhile.
  const differing = await differingOf(db, held, findings, takeOver);
  if (differing.length === 0 && !isForced) return [];
  const planned: PlannedTopic[] = [];
  for (const one of differing) {
    const found = findings.get(one.topic);
    // eslint-disable-next-line no-await-in-loop -- five topics, one after the other
    if (found !== undefined) planned.push(await planTopic(repair, one, found));
  }
  const published = highestEpoch(findings.values());
  const epoch = await raiseAbove(db, held[0]?.session ?? db, published, repair);
  const mended: (readonly MendedLane[])[] = [];
  for (const topic of planned) {
    // eslint-disable-next-line no-await-in-loop -- five topics, one after the other
    mended.push(await mendTopic(repair, topic, { epoch, outputs }));
  }
  return mended;
}

interface Mending {
  /** What was found before topics were held. */
  readonly before: ReadonlyMap<string, TopicFindings>;
  readonly isForced: boolean;
  readonly takeOver: boolean;
  readonly examine: Examine;
  readonly outputs: Outputs;
}
