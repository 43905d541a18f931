import type { AssignedPartition } from '@latchkey/kafka';
import { createHealth } from '@latchkey/runtime';
import { expect, test } from 'vitest';
import { Membership } from './membership.ts';
import { partOf } from './reporting.ts';

type Changing = { -readonly [K in keyof AssignedPartition]: AssignedPartition[K] };

function partition(number: number): Changing {
  return { topic: 't', partition: number, status: 'locating', nextOffset: -1n };
}

function open() {
  const health = createHealth();
  let nowMs = 0;
  const membership = new Membership(health, () => nowMs);
  const notReady = (): readonly string[] =>
    health.readiness().notReady.map(({ part, why }) => `${part}: ${why}`);
  const wait = (ms: number): void => {
    nowMs += ms;
  };
  return { membership, health, notReady, wait };
}

test('it is ready once it is in the group and each partition is located', () => {
  const { membership, notReady } = open();
  expect(notReady()).toEqual(['group: joining']);
  membership.assigned([partition(0)]);
  expect(notReady()).toEqual(['partition t/0: its position is being looked up']);
  membership.health.ready(partOf('t', 0));
  expect(notReady()).toEqual([]);
});

test('a member without partitions is ready', () => {
  const { membership, health } = open();
  membership.assigned([]);
  expect(health.readiness().ready).toBe(true);
});

test('late reports about a lost partition are ignored', () => {
  const { membership, notReady } = open();
  membership.assigned([partition(0), partition(1)]);
  membership.health.ready(partOf('t', 1));
  membership.health.notReady(partOf('t', 0), 'LOG_DIFFERS');
  membership.assigned([partition(1)]);
  membership.health.ready(partOf('t', 1));
  expect(notReady()).toEqual([]);
  membership.health.notReady(partOf('t', 0), 'failing');
  expect(notReady()).toEqual([]);
  membership.health.notReady('clock', 'failing');
  expect(notReady()).toEqual(['clock: failing']);
});

test('out of the group it has no partitions and is not ready', () => {
  const { membership, notReady } = open();
  membership.assigned([partition(0)]);
  membership.lost('the group is rebalancing');
  expect(notReady()).toEqual(['group: the group is rebalancing']);
  expect(membership.positions()).toEqual([]);
});

test('a position is that of the reader, or where the partition is stopped, or unknown', () => {
  const { membership } = open();
  const [reading, stopped, unknown] = [partition(0), partition(1), partition(2)];
  membership.assigned([reading, stopped, unknown]);
  reading.nextOffset = 7n;
  membership.stoppedAt('t', 1, 5n);
  expect(membership.positions().map(({ position }) => position)).toEqual([7n, 5n, undefined]);
});

test('it is not ready where nothing is fetched for 10 s although a partition is read', () => {
  const { membership, notReady, wait } = open();
  const own = partition(0);
  membership.assigned([own]);
  membership.health.ready(partOf('t', 0));
  const checked = (): readonly string[] => {
    membership.checkFetching();
    return notReady();
  };
  wait(10_000);
  expect(checked()).toEqual([]);
  own.status = 'processing';
  expect(checked()).toEqual([]);
  own.status = 'reading';
  expect(checked()).toEqual(['group: nothing can be fetched from the brokers']);
  membership.fetched();
  expect(checked()).toEqual([]);
});
