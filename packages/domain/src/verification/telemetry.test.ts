import { expect, test } from 'vitest';
import { openDesk, opened, progressed, requested } from './desk.test-support.ts';

test('telemetry is merged by rank', () => {
  const desk = openDesk();
  desk.takeAll([requested(), opened()]);

  const taken = desk.takeAll([
    progressed({ status: 'queued' }, 1),
    progressed({ status: 'answered', answeredBy: 'machine' }, 2),
    progressed({ status: 'ringing' }, 3),
    progressed({ status: 'answered' }, 4),
    progressed({ status: 'ended', endReason: 'completed' }, 5),
    progressed({ status: 'answered', answeredBy: 'human' }, 6),
    progressed({ status: 'ended', endReason: 'busy' }, 7),
    progressed({ status: 'ended', endReason: 'completed' }, 8),
  ]);

  expect(taken.map(({ disposition }) => disposition)).toEqual([
    'progress',
    'progress',
    'out_of_order',
    'duplicate',
    'progress',
    'out_of_order',
    'progress',
    'duplicate',
  ]);
  expect(desk.attempt().detail.telemetry).toMatchObject({
    status: 'ended',
    endReason: 'busy',
    answeredBy: 'human',
  });
});

test('telemetry never decides: completed is not success', () => {
  const desk = openDesk();

  desk.takeAll([
    requested(),
    opened(),
    progressed({ endReason: 'completed', answeredBy: 'human' }),
  ]);

  expect(desk.attempt().state).toBe('open');
  expect(desk.verification().state).toBe('pending');
});
