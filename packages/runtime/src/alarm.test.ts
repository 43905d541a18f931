import { expect, test } from 'vitest';
import { waitingAlarm } from './alarm.ts';
import { createHealth } from './health.ts';
import { createLogger } from './logger.ts';

function setUp() {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string): void => {
    lines.push(JSON.parse(line) as Record<string, unknown>);
  };
  const log = createLogger({ service: 'test', level: 'info', to: { write } });
  const health = createHealth();
  const clock = { nowMs: 5 };
  const alarm = waitingAlarm('database', { log, health }, () => clock.nowMs);
  return { lines, health, clock, alarm };
}

test('the first failure warns and makes the part not ready', () => {
  const { lines, health, alarm } = setUp();

  alarm.onFailure(new Error('refused'), 1);

  expect(lines).toMatchObject([
    { level: 'warn', msg: 'waiting', part: 'database', failures: 1, err: { message: 'refused' } },
  ]);
  expect(health.readiness().notReady.map(({ part }) => part)).toEqual(['database']);
});

test('further failures warn at most every ten seconds', () => {
  const { lines, clock, alarm } = setUp();

  for (let failures = 1; failures <= 250; failures += 1) {
    alarm.onFailure(new Error('refused'), failures);
    clock.nowMs += 100;
  }

  expect(lines.map(({ failures }) => failures)).toEqual([1, 101, 201]);
});

test('a recovery makes the part ready, and the next failure warns at once', () => {
  const { lines, health, alarm } = setUp();
  alarm.onFailure(new Error('refused'), 1);

  alarm.onRecovery(1);
  expect(health.readiness().ready).toBe(true);
  alarm.onFailure(new Error('refused'), 1);

  expect(lines.map(({ msg }) => msg)).toEqual(['waiting', 'recovered', 'waiting']);
});
