import { expect, test } from 'vitest';
import { Hands } from './hands.ts';

test('no more batches are in hand than allowed, and who waits comes in its turn', async () => {
  const hands = new Hands(2);
  const first = Promise.withResolvers<undefined>();
  const order: string[] = [];
  await hands.free();
  void hands.until(first.promise);
  await hands.free();
  const third = hands.free().then(() => order.push('third'));
  const fourth = hands.free().then(() => order.push('fourth'));
  await Promise.resolve();
  expect(order).toEqual([]);
  first.resolve(undefined);
  await third;
  expect(order).toEqual(['third']);
  void hands.until(Promise.reject(new Error('also one that fails is out of hand')));
  await fourth;
  expect(order).toEqual(['third', 'fourth']);
});

test('what takes long is not counted', async () => {
  const hands = new Hands(1);
  await hands.free();
  const startedMs = performance.now();
  void hands.until(new Promise(() => undefined));
  await hands.free();
  expect(performance.now() - startedMs).toBeGreaterThan(500);
});
