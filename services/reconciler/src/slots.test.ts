import { expect, test } from 'vitest';
import { Slots } from './slots.ts';

test('no more work runs than there are slots, and waiting callers get slots in their order', async () => {
  const slots = new Slots(2);
  const first = Promise.withResolvers<undefined>();
  const order: string[] = [];
  await slots.acquire();
  void slots.releaseAfter(first.promise);
  await slots.acquire();
  const third = slots.acquire().then(() => order.push('third'));
  const fourth = slots.acquire().then(() => order.push('fourth'));
  await Promise.resolve();
  expect(order).toEqual([]);
  first.resolve(undefined);
  await third;
  expect(order).toEqual(['third']);
  void slots.releaseAfter(Promise.reject(new Error('work that fails gives its slot back, too')));
  await fourth;
  expect(order).toEqual(['third', 'fourth']);
});

test('work that takes longer than a second gives its slot back', async () => {
  const slots = new Slots(1);
  await slots.acquire();
  const startedMs = performance.now();
  void slots.releaseAfter(new Promise(() => undefined));
  await slots.acquire();
  expect(performance.now() - startedMs).toBeGreaterThan(500);
});
