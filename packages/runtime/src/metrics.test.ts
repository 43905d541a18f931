import { expect, test } from 'vitest';
import { createMetrics } from './metrics.ts';

test('metrics have their public names and labels', async () => {
  const metrics = createMetrics();

  metrics.counter('latchkey_deliveries_total').inc({ topic: 't', disposition: 'applied' }, 2);
  metrics.gauge('latchkey_consumer_lag').set({ topic: 't', partition: '3' }, 17);
  metrics.gauge('latchkey_dead_letters').set({ code: 'NOT_JSON' }, 1);
  metrics.gauge('latchkey_oldest_unpublished_seconds').set(0.5);
  metrics.histogram('latchkey_intake_batch_size', [10, 100]).observe(42);

  const text = await metrics.text();
  expect(text).toContain('latchkey_deliveries_total{topic="t",disposition="applied"} 2\n');
  expect(text).toContain('latchkey_consumer_lag{topic="t",partition="3"} 17\n');
  expect(text).toContain('latchkey_dead_letters{code="NOT_JSON"} 1\n');
  expect(text).toContain('latchkey_oldest_unpublished_seconds 0.5\n');
  expect(text).toContain('latchkey_intake_batch_size_bucket{le="10"} 0\n');
  expect(text).toContain('latchkey_intake_batch_size_bucket{le="100"} 1\n');
});

test('two processes in one test do not share metrics', async () => {
  const one = createMetrics();
  const other = createMetrics();

  one.counter('latchkey_relay_published_total').inc({ topic: 't' });

  expect(await other.text()).not.toContain('latchkey_relay_published_total');
});

test('a gauge has no series before it is set, and none after it was reset', async () => {
  const metrics = createMetrics();
  const plain = metrics.gauge('latchkey_oldest_unpublished_seconds');
  const labelled = metrics.gauge('latchkey_outbox_unpublished');
  const series = async (): Promise<readonly string[]> =>
    (await metrics.text()).split('\n').filter((line) => line.startsWith('latchkey_o'));

  expect(await series()).toEqual([]);
  plain.set(0);
  labelled.set({ topic: 't' }, 0);
  expect(await series()).toHaveLength(2);
  plain.reset();
  labelled.reset();
  expect(await series()).toEqual([]);
});
