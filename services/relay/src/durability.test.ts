import { expect, test } from 'vitest';
import { weaknessesOf } from './durability.ts';

const SOUND = {
  name: 'sound',
  partitions: 1,
  replicas: 3,
  settings: { 'min.insync.replicas': '2', 'unclean.leader.election.enable': 'false' },
} as const;

test('topics that keep what they acknowledge have no weakness', () => {
  expect(weaknessesOf([SOUND])).toEqual([]);
});

test.each([
  ['fewer than 3 replicas', { ...SOUND, replicas: 2 }],
  ['min.insync.replicas below 2', { ...SOUND, settings: { 'min.insync.replicas': '1' } }],
  [
    'unclean.leader.election.enable is true',
    { ...SOUND, settings: { ...SOUND.settings, 'unclean.leader.election.enable': 'true' } },
  ],
])('%s is named with its topics', (weakness, topic) => {
  expect(weaknessesOf([SOUND, { ...topic, name: 'weak' }])).toEqual([
    { weakness, topics: ['weak'] },
  ]);
});
