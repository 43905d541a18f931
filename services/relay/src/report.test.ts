import { createHealth, createLogger, createMetrics } from '@latchkey/runtime';
import { expect, test } from 'vitest';
import { createCounters, createReport } from './report.ts';

const TOPIC = 'latchkey.access.v1';
const AT = [{ lane: 1, partition: 0, position: 4n, anchor: 'a 01', epoch: 0 }];

function open() {
  const lines: string[] = [];
  const write = (line: string): void => {
    lines.push(line);
  };
  const metrics = createMetrics();
  const shell = {
    health: createHealth(),
    log: createLogger({ service: 'relay', level: 'info', to: { write } }),
  };
  const report = createReport(TOPIC, shell, createCounters(metrics));
  return { report, lines, ...shell };
}

/** The error of the brokers. */
const fenced = Object.assign(new Error('old epoch'), { type: 'INVALID_PRODUCER_EPOCH', code: 47 });

test('acquiring a topic again from a relay that fences this one is a takeover each time', () => {
  const { report } = open();
  expect(report.acquired(AT)).toBe(true);

  for (let round = 0; round < 3; round += 1) {
    report.failed(fenced);
    expect(report.acquired(AT)).toBe(true);
  }
});

test('acquiring a topic again after an error of the brokers is no takeover', () => {
  const { report } = open();
  report.acquired(AT);

  report.failed(new Error('the broker is unreachable'));

  expect(report.acquired(AT)).toBe(false);
});

test('the refusal of a topic is in the log and in readiness', () => {
  const { report, lines, health } = open();
  report.starting();

  report.refused({ code: 'RELAY_ROW_MISSING', detail: 'partition 0: published through 5' });

  expect(lines.join('')).toContain('"found":"partition 0: published through 5"');
  expect(JSON.stringify(health.readiness())).toContain('published through 5');
});
