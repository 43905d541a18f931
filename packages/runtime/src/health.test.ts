import { expect, test } from 'vitest';
import { createHealth } from './health.ts';

test('a process of which nothing is known is not ready', () => {
  expect(createHealth().readiness()).toEqual({
    ready: false,
    notReady: [{ part: 'process', why: 'starting' }],
  });
});

test('ready needs every part to be ready', () => {
  const health = createHealth();
  health.ready('database');
  health.notReady('partition 1', 'stopped: LOG_DIFFERS');
  health.notReady('brokers', 'connecting');

  expect(health.readiness()).toEqual({
    ready: false,
    notReady: [
      { part: 'brokers', why: 'connecting' },
      { part: 'partition 1', why: 'stopped: LOG_DIFFERS' },
    ],
  });

  health.ready('brokers');
  health.ready('partition 1');
  expect(health.readiness()).toEqual({ ready: true, notReady: [] });
});

test('a forgotten part does not affect readiness', () => {
  const health = createHealth();
  health.ready('database');
  health.notReady('partition 1', 'stopped: LOG_DIFFERS');

  health.forget('partition 1');

  expect(health.readiness().ready).toBe(true);
});
