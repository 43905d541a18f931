import type { TopicDescription } from '@latchkey/kafka';

/** Kafka's own, on which exactly once stands as much as on the outputs. */
export const INTERNAL_TOPICS = ['__consumer_offsets', '__transaction_state'] as const;

/** Something that lets brokers lose what they have acknowledged, and the topics that have it. */
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
];

/** What should be mended before these topics carry what must not be lost; empty where all is sound. */
export function weaknessesOf(topics: readonly TopicDescription[]): readonly Weakness[] {
  return WEAKNESSES.map(([weakness, has]) => ({
    weakness,
    topics: topics.filter(has).map(({ name }) => name),
  })).filter((found) => found.topics.length > 0);
}
