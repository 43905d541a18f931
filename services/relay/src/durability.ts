import {
  describeTopics,
  LARGEST_MESSAGE_BYTES,
  type TopicAdmin,
  type TopicDescription,
} from '@latchkey/kafka';
import type { Logger } from '@latchkey/runtime';

/** Topics of Kafka itself. Exactly-once depends on them as much as on the outputs. */
const INTERNAL_TOPICS = ['__consumer_offsets', '__transaction_state'] as const;

/** A setting with which brokers can lose acknowledged messages, or consumers miss them, and the topics that have it. */
export interface Weakness {
  readonly weakness: string;
  readonly topics: readonly string[];
}

type Test = (topic: TopicDescription) => boolean;

const WEAKNESSES: readonly (readonly [weakness: string, has: Test])[] = [
  ['fewer than 3 replicas', ({ replicas }) => replicas < 3],
  [
    'min.insync.replicas below 2',
    ({ settings }) => Number(settings['min.insync.replicas'] ?? '1') < 2,
  ],
  [
    'unclean.leader.election.enable is true',
    ({ settings }) => settings['unclean.leader.election.enable'] === 'true',
  ],
  [
    'cleanup.policy is not compact',
    ({ name, settings }) => isInternal(name) && isOther(settings['cleanup.policy'], 'compact'),
  ],
  [
    `max.message.bytes below ${LARGEST_MESSAGE_BYTES}`,
    ({ name, settings }) =>
      !isInternal(name) &&
      Number(settings['max.message.bytes'] ?? LARGEST_MESSAGE_BYTES) < LARGEST_MESSAGE_BYTES,
  ],
  [
    'retention.ms below one day',
    ({ name, settings }) =>
      !isInternal(name) && isBelow(Number(settings['retention.ms'] ?? UNLIMITED), DAY_MS),
  ],
  [
    'retention.bytes is limited',
    ({ name, settings }) =>
      !isInternal(name) && isOther(settings['retention.bytes'], String(UNLIMITED)),
  ],
];

const UNLIMITED = -1;
const DAY_MS = 86_400_000;

function isInternal(name: string): boolean {
  return INTERNAL_TOPICS.some((internal) => internal === name);
}

/** False for a setting that is not known. */
function isOther(setting: string | undefined, expected: string): boolean {
  return setting !== undefined && setting !== expected;
}

function isBelow(limit: number, least: number): boolean {
  return limit !== UNLIMITED && limit < least;
}

/** The weaknesses of these topics; empty where none can lose messages. */
export function findWeaknesses(topics: readonly TopicDescription[]): readonly Weakness[] {
  return WEAKNESSES.map(([weakness, has]) => ({
    weakness,
    topics: topics.filter(has).map(({ name }) => name),
  })).filter((found) => found.topics.length > 0);
}

/**
 * Warns of outputs and internal topics that can lose acknowledged messages. Never rejects: topics that cannot be described,
 * without the right or a broker, are named in a warning instead.
 */
export async function warnOfWeaknesses(
  admin: TopicAdmin,
  outputs: readonly string[],
  log: Pick<Logger, 'warn'>,
): Promise<void> {
  const described = await Promise.all(
    [outputs, INTERNAL_TOPICS].map((topics) => tryToDescribe(admin, topics, log)),
  );
  for (const weakness of findWeaknesses(described.flat())) {
    log.warn(weakness, 'topics can lose messages, or refuse them');
  }
}

async function tryToDescribe(
  admin: TopicAdmin,
  topics: readonly string[],
  log: Pick<Logger, 'warn'>,
): Promise<readonly TopicDescription[]> {
  try {
    return [...(await describeTopics(admin, topics)).values()];
  } catch (err) {
    log.warn(
      { err, topics },
      'topics were not checked for whether they can lose what they acknowledged',
    );
    return [];
  }
}
