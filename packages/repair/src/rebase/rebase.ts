import { type Outputs, type Restated, restateAll } from '@latchkey/intake';
import { readOutputState, type Session } from '@latchkey/postgres';
import type { TopicFindings } from '@latchkey/publication';
import { type OwnedTopic, ownTopics } from '../own-topics.ts';
import type { OutputTopic, Repair } from '../repair.ts';
import { awaitInputs } from './await-inputs.ts';
import { examine, findDiffering } from './find-differing.ts';
import type { RepairedLane } from './place-lanes.ts';
import { highestEpoch, raiseAbove } from './raise-epoch.ts';
import { type PlannedTopic, planTopic, repairTopic } from './repair-topic.ts';

export interface RebaseOptions {
  /** State everything again even if no topic differs. */
  readonly all: boolean;
  /** Treat topics of another installation as published by this one, and claim them. */
  readonly takeOver: boolean;
  /**
   * The input topics to wait for. Messages that the database lost are decided again when their events are read again, and
   * are recognised as published only while they wait. undefined: do not wait.
   */
  readonly inputs: readonly string[] | undefined;
  /** Called once the topics are examined. */
  readonly loadOutputs: () => Promise<Outputs>;
}

/** What a rebase did. */
export interface Rebased extends Restated {
  readonly epoch: number;
  readonly topics: number;
  readonly dropped: number;
  readonly renumbered: number;
  /** Accounts that were published and lost: the database has them again. */
  readonly forgottenAccounts: number;
  /** Messages about accounts of unknown identities: consumers keep these accounts as they are. */
  readonly unknownAccounts: number;
  /** Reviews whose published state differed from the database's. */
  readonly forgottenReviews: number;
}

export type RebaseResult =
  | { readonly kind: 'rebased'; readonly rebased: Rebased }
  /** The outbox is what was published, and everything was stated again. */
  | { readonly kind: 'unchanged'; readonly epoch: number };

/**
 * Repairs the outbox after the database went back: raises the epoch, makes every lane continue after the published
 * messages, and states everything again. Where both sides agree it only finishes what an earlier run has started.
 *
 * @throws Failure INPUTS_LAG; RELAY_HOLDS_TOPIC; RELAY_INSTALLATION_DIFFERS; LOG_TRIMMED; with the code of the finding
 *   where Kafka went back, not the database
 */
export async function rebase(repair: Repair, options: RebaseOptions): Promise<RebaseResult> {
  const { db, kafka, topics } = repair;
  const { all, takeOver, inputs } = options;
  const findings = await examineAll(repair, topics, takeOver);
  const differing = await findDiffering(db, topics, findings, takeOver);
  const isNeeded = differing.length > 0 || all;
  const outputs = await options.loadOutputs();
  if (isNeeded && inputs !== undefined) await awaitInputs(kafka.admin, db, inputs);
  const repaired = isNeeded
    ? await ownTopics(repair, differing, takeOver, (owned) =>
        repairAll(repair, owned, findings, { all, takeOver, outputs }),
      )
    : [];
  const { epoch, restatingSinceMs } = await readOutputState(db);
  if (restatingSinceMs === null) return { kind: 'unchanged', epoch };
  const { operator, owner } = repair;
  const restated = await restateAll(db, epoch, { outputs, operator, owner });
  const rebased = { epoch, topics: repaired.length, ...sumOf(repaired.flat()), ...restated };
  return { kind: 'rebased', rebased };
}

type Counts = Omit<Rebased, keyof Restated | 'epoch' | 'topics'>;

function sumOf(lanes: readonly RepairedLane[]): Counts {
  const sum = (name: keyof Omit<RepairedLane, 'partition' | 'common' | 'published'>): number =>
    lanes.reduce((total, lane) => total + lane[name], 0);
  return {
    dropped: sum('dropped'),
    renumbered: sum('renumbered'),
    forgottenAccounts: sum('accounts'),
    unknownAccounts: sum('unknownAccounts'),
    forgottenReviews: sum('reviews'),
  };
}

async function examineAll(
  { db, kafka }: Repair,
  topics: readonly (OutputTopic & { readonly session?: Session })[],
  takeOver: boolean,
): Promise<Map<string, TopicFindings>> {
  const findings = new Map<string, TopicFindings>();
  for (const { topic, session = db } of topics) {
    // eslint-disable-next-line no-await-in-loop -- five topics, one after the other
    findings.set(topic, await examine(kafka, session, topic, takeOver));
  }
  return findings;
}

/**
 * Repairs the owned topics that still differ. With `all` it raises the epoch even if none does.
 *
 * @param before - the findings before the topics were owned
 * @returns the lanes of each topic that was repaired
 */
async function repairAll(
  repair: Repair,
  owned: readonly OwnedTopic[],
  before: ReadonlyMap<string, TopicFindings>,
  { all, takeOver, outputs }: Pick<RebaseOptions, 'all' | 'takeOver'> & { outputs: Outputs },
): Promise<readonly (readonly RepairedLane[])[]> {
  const { db } = repair;
  // Only what is read once the topics are owned is final.
  const findings = new Map([...before, ...(await examineAll(repair, owned, takeOver))]);
  // Another process may have repaired them meanwhile.
  const differing = await findDiffering(db, owned, findings, takeOver);
  if (differing.length === 0 && !all) return [];
  const planned: PlannedTopic[] = [];
  for (const one of differing) {
    const found = findings.get(one.topic);
    // eslint-disable-next-line no-await-in-loop -- five topics, one after the other
    if (found !== undefined) planned.push(await planTopic(repair, one, found));
  }
  const published = highestEpoch(findings.values());
  const epoch = await raiseAbove(db, owned[0]?.session ?? db, published, repair);
  const repaired: (readonly RepairedLane[])[] = [];
  for (const topic of planned) {
    // eslint-disable-next-line no-await-in-loop -- five topics, one after the other
    repaired.push(await repairTopic(repair, topic, { epoch, outputs }));
  }
  return repaired;
}
