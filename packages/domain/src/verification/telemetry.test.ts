import { expect, test } from 'vitest';
import { opened, openStore, progressed, requested } from './store.test-support.ts';

test('telemetry is merged by rank', () => {
  const store = openStore();
  store.processBatch([requested(), opened()]);

  const outcomes = store.processBatch([
    progressed({ status: 'queued' }, 1),
    progressed({ status: 'answered', answeredBy: 'machine' }, 2),
    progressed({ status: 'ringing' }, 3),
    progressed({ status: 'answered' }, 4),
    progressed({ status: 'ended', endReason: 'completed' }, 5),
    progressed({ status: 'answered', answeredBy: 'human' }, 6),
    progressed({ status: 'ended', endReason: 'busy' }, 7),
    progressed({ status: 'ended', endReason: 'completed' }, 8),
  ]);

  expect(outcomes.map(({ disposition }) => disposition)).toEqual([
    'progress',
    'progress',
    'out_of_order',
    'duplicate',
    'progress',
    'out_of_order',
    'progress',
    'duplicate',
  ]);
  expect(store.attempt().detail.telemetry).toMatchObject({
    status: 'ended',
    endReason: 'busy',
    answeredBy: 'human',
  });
});

test('telemetry never decides: completed is not success', () => {
  const store = openStore();

  store.processBatch([
    requested(),
    opened(),
    progressed({ endReason: 'completed', answeredBy: 'human' }),
  ]);

  expect(store.attempt().state).toBe('open');
  expect(store.verification().state).toBe('pending');
});
