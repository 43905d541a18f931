import { expect, test } from 'vitest';
import { findWeaknesses, warnOfWeaknesses } from './durability.ts';

const SOUND = {
  name: 'sound',
  partitions: 1,
  replicas: 3,
  settings: { 'min.insync.replicas': '2', 'unclean.leader.election.enable': 'false' },
} as const;

test('topics that keep acknowledged messages have no weakness', () => {
  expect(findWeaknesses([SOUND])).toEqual([]);
});

test('topics of Kafka itself must be compacted, and their retention does not count', () => {
  const settings = { ...SOUND.settings, 'cleanup.policy': 'compact', 'retention.bytes': '5' };

  expect(findWeaknesses([{ ...SOUND, name: '__consumer_offsets', settings }])).toEqual([]);
  const deleted = { ...settings, 'cleanup.policy': 'delete' };
  expect(findWeaknesses([{ ...SOUND, name: '__transaction_state', settings: deleted }])).toEqual([
    { weakness: 'cleanup.policy is not compact', topics: ['__transaction_state'] },
  ]);
});

test('a retention of a day, or none, is no weakness', () => {
  for (const limit of ['86400000', '-1']) {
    const settings = { ...SOUND.settings, 'retention.ms': limit, 'retention.bytes': '-1' };
    expect(findWeaknesses([{ ...SOUND, settings }])).toEqual([]);
  }
});

test.each([
  ['fewer than 3 replicas', { ...SOUND, replicas: 2 }],
  ['min.insync.replicas below 2', { ...SOUND, settings: { 'min.insync.replicas': '1' } }],
  [
    'unclean.leader.election.enable is true',
    { ...SOUND, settings: { ...SOUND.settings, 'unclean.leader.election.enable': 'true' } },
  ],
  [
    'max.message.bytes below 1048588',
    { ...SOUND, settings: { ...SOUND.settings, 'max.message.bytes': '1048587' } },
  ],
  [
    'retention.ms below one day',
    { ...SOUND, settings: { ...SOUND.settings, 'retention.ms': '86399999' } },
  ],
  [
    'retention.bytes is limited',
    { ...SOUND, settings: { ...SOUND.settings, 'retention.bytes': '1073741824' } },
  ],
])('%s is named with its topics', (weakness, topic) => {
  expect(findWeaknesses([SOUND, { ...topic, name: 'weak' }])).toEqual([
    { weakness, topics: ['weak'] },
  ]);
});

test('topics that cannot be described are named in a warning, and do not stop the relay', async () => {
  const warned: unknown[] = [];
  const log = { warn: (fields: object) => warned.push(fields) };
  // The answer of a broker to a user without DescribeConfigs.
  const denied = Object.assign(new Error('Not authorized'), { type: 'TOPIC_AUTHORIZATION_FAILED' });
  const admin = {
    listTopics: () => Promise.resolve(['__consumer_offsets']),
    fetchTopicMetadata: () =>
      Promise.resolve({ topics: [{ name: '__consumer_offsets', partitions: [] }] }),
    describeConfigs: () => Promise.reject(denied),
  } as unknown as Parameters<typeof warnOfWeaknesses>[0];

  await warnOfWeaknesses(admin, ['outputs'], log);

  expect(warned).toEqual([
    expect.objectContaining({ topics: ['__consumer_offsets', '__transaction_state'] }),
  ]);
});
