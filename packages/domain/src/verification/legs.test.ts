import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Report } from './apply-report.ts';
import { LEGS_MAX_COUNT } from './call.ts';
import {
  type Desk,
  HOUR_MS,
  input,
  MINUTE_MS,
  openDesk,
  opened,
  progressed,
  requested,
  SECOND_MS,
  START_MS,
  verdict,
} from './desk.test-support.ts';

type Progress = Parameters<typeof progressed>[0];

const GRACE_MS = 2 * MINUTE_MS;

function leg(name: string, data: Progress, atMs: number): Report {
  return progressed({ call: { session: 'call-1', leg: name }, ...data }, atMs);
}

const ringing = (name: string, atMs: number): Report => leg(name, { status: 'ringing' }, atMs);
const answered = (name: string, atMs: number): Report => leg(name, { status: 'answered' }, atMs);
const ended = (name: string, endReason: NonNullable<Progress>['endReason'], atMs: number): Report =>
  leg(name, { status: 'ended', ...(endReason && { endReason }) }, atMs);

/** A desk at which one call was opened, with what its platform has told. */
function deskWith(...told: readonly Report[]): Desk {
  const desk = openDesk();
  desk.takeAll([requested({ purpose: 'helpdesk-reset' }), opened(), ...told]);
  return desk;
}

function endOf(desk: Desk): unknown {
  desk.sweep('v', 9 * MINUTE_MS);
  const { state, endedAtMs } = desk.attempt();
  return [state, endedAtMs === undefined ? undefined : endedAtMs - START_MS];
}

describe('an attempt ends', () => {
  test('when the last of its legs has ended', () => {
    const desk = deskWith(
      ringing('desk', 1),
      ringing('mobile', 2),
      ended('desk', 'no_answer', 10),
      ended('mobile', 'no_answer', 20),
    );

    expect(endOf(desk)).toEqual(['no_answer', 20 + GRACE_MS]);
  });

  test('when its session has ended, whatever its legs do', () => {
    const desk = deskWith(ringing('desk', 1), answered('mobile', 2), progressed({}, 30));

    expect(endOf(desk)).toEqual(['hung_up', 30 + GRACE_MS]);
  });

  test('at the earlier of the two', () => {
    const session = deskWith(ringing('desk', 1), progressed({}, 10), ended('desk', 'busy', 20));
    const legs = deskWith(ringing('desk', 1), ended('desk', 'busy', 10), progressed({}, 20));

    expect(endOf(session)).toEqual(['busy', 10 + GRACE_MS]);
    expect(endOf(legs)).toEqual(['busy', 10 + GRACE_MS]);
  });

  test('not while one of its legs has no end', () => {
    const desk = deskWith(answered('mobile', 1), ended('desk', 'canceled', 2));

    expect(endOf(desk)).toEqual(['open', undefined]);
    expect(desk.verification().nextDeadlineAtMs).toBe(START_MS + 10 * MINUTE_MS);
  });
});

describe('a leg that is seen for the first time', () => {
  const first = [ringing('desk', 1), ended('desk', 'canceled', SECOND_MS)];
  const graceEndMs = SECOND_MS + GRACE_MS;

  test('inside the grace period takes the end back', () => {
    const desk = deskWith(...first, ringing('mobile', graceEndMs - 1));

    expect(desk.take(input({}, 5 * MINUTE_MS)).disposition).toBe('accepted');
    expect(desk.verification().state).toBe('verified');
  });

  test('after the grace period takes nothing back', () => {
    const desk = deskWith(...first);

    expect(desk.take(ringing('mobile', graceEndMs)).disposition).toBe('late_telemetry');
    expect(desk.take(input({}, graceEndMs + 1)).disposition).toBe('late_input');
    expect(endOf(desk)).toEqual(['cancelled', graceEndMs]);
  });

  test('does not take back the end of the session', () => {
    const desk = deskWith(progressed({}, SECOND_MS), ringing('mobile', 2 * SECOND_MS));

    expect(endOf(desk)).toEqual(['hung_up', graceEndMs]);
  });

  test('is seen by telemetry only: what it types or decides makes no leg', () => {
    const call = { session: 'call-1', leg: 'mobile' };
    const desk = deskWith(
      ...first,
      input({ call, result: 'no_input' }, 2 * SECOND_MS),
      verdict({ call, verdict: 'inconclusive' }, 3 * SECOND_MS),
    );

    expect(endOf(desk)).toEqual(['cancelled', graceEndMs]);
  });
});

test.each([
  [
    'the leg that was answered',
    [answered('mobile', 1), ended('mobile', 'completed', 5)],
    'hung_up',
  ],
  [
    'the leg that was answered, however it failed',
    [answered('mobile', 1), ended('mobile', 'failed', 5)],
    'unreachable',
  ],
  [
    'an answered leg without a reason',
    [answered('mobile', 1), ended('mobile', undefined, 5)],
    'hung_up',
  ],
  [
    'busy before all',
    [ended('a', 'no_answer', 1), ended('b', 'failed', 1), ended('mobile', 'busy', 1)],
    'busy',
  ],
  [
    'no answer before failed',
    [ended('mobile', 'failed', 1), ended('b', 'no_answer', 1)],
    'no_answer',
  ],
  ['failed before canceled', [ended('mobile', 'failed', 1)], 'unreachable'],
  ['canceled before completed', [ended('mobile', 'completed', 1)], 'cancelled'],
] as const)('how it ended: %s', (_, told, state) => {
  const desk = deskWith(ended('desk', 'canceled', 1), ...told);

  expect(endOf(desk)).toEqual([state, expect.any(Number)]);
});

test('how it ended: where an answered leg has no end, as the session says', () => {
  const desk = deskWith(
    answered('mobile', 1),
    ended('desk', 'busy', 2),
    progressed({ endReason: 'failed' }, 3),
  );

  expect(endOf(desk)).toEqual(['unreachable', 3 + GRACE_MS]);
});

test('telemetry of each leg is merged by its own rank', () => {
  const desk = deskWith();

  const taken = desk.takeAll([
    answered('mobile', 1),
    ringing('desk', 2),
    ringing('mobile', 3),
    answered('mobile', 4),
    progressed({ status: 'ringing' }, 5),
    ended('desk', 'canceled', 6),
    ended('desk', 'canceled', 7),
    ringing('desk', 8),
  ]);

  expect(taken.map(({ disposition }) => disposition)).toEqual([
    'progress',
    'progress',
    'out_of_order',
    'duplicate',
    'progress',
    'progress',
    'duplicate',
    'out_of_order',
  ]);
});

describe('of more legs than are kept', () => {
  const many = Array.from({ length: LEGS_MAX_COUNT }, (_, n) => `leg-${String(n)}`);
  const allEnded = many.map((name, n) => ended(name, 'no_answer', n));

  test('each leg up to the limit counts', () => {
    expect(endOf(deskWith(...allEnded))).toEqual(['no_answer', LEGS_MAX_COUNT - 1 + GRACE_MS]);
  });

  test('one more is late telemetry, and from then on only the session ends the attempt', () => {
    const desk = deskWith(...allEnded);

    const [one, same, known] = desk.takeAll([
      ended('one more', 'busy', 50),
      ended('one more', 'busy', 51),
      ended('leg-0', 'busy', 52),
    ]);

    expect(one).toMatchObject({
      disposition: 'late_telemetry',
      decisions: [{ kind: 'legs_exceeded', attempt: 'a' }],
    });
    for (const taken of [same, known]) {
      expect(taken).toMatchObject({ disposition: 'late_telemetry', attempts: [], decisions: [] });
    }
    expect(desk.verification().nextDeadlineAtMs).toBe(START_MS + 10 * MINUTE_MS);
    expect(desk.take(input({ result: 'no_input' }, 5 * MINUTE_MS)).disposition).toBe('accepted');
    desk.take(progressed({ endReason: 'failed' }, 6 * MINUTE_MS));
    expect(endOf(desk)).toEqual(['unreachable', 6 * MINUTE_MS + GRACE_MS]);
  });

  test('telemetry of an attempt that was never opened expires like any parked fact', () => {
    const desk = openDesk();
    desk.take(requested({ expiresAt: '2026-03-02T10:00:00Z' }));
    desk.takeAll([...allEnded, ended('one more', 'busy', 50)]);

    const swept = desk.sweep('v', 50 + 10 * MINUTE_MS);

    expect(swept?.decisions).toEqual([{ kind: 'telemetry_dropped', attempt: 'a' }]);
    expect(desk.attempt().detail).toEqual({});
  });
});

test('legs are told apart whatever they are called', () => {
  const desk = deskWith(ringing('__proto__', 1), ended('constructor', 'busy', 2));
  expect(endOf(desk)).toEqual(['open', undefined]);

  desk.take(ended('__proto__', 'canceled', 3));
  expect(endOf(desk)).toEqual(['busy', 3 + GRACE_MS]);
});

const told = fc.record(
  {
    leg: fc.constantFrom(undefined, 'desk', 'mobile', 'third'),
    status: fc.constantFrom('queued', 'ringing', 'answered', 'ended'),
    endReason: fc.constantFrom('completed', 'busy', 'no_answer', 'failed', 'canceled'),
    answeredBy: fc.constantFrom('human', 'machine'),
    atMs: fc.integer({ min: 0, max: GRACE_MS - 1 }),
  },
  { requiredKeys: ['leg', 'status', 'atMs'] },
);

function reportOf({ leg: name, atMs, ...data }: { leg: string | undefined; atMs: number }): Report {
  const call = { session: 'call-1', ...(name === undefined ? {} : { leg: name }) };
  return progressed({ call, ...data }, atMs);
}

/** All telemetry inside one grace period, so that nothing of it can be late. */
const shuffled = fc.array(told, { maxLength: 12 }).chain((all) =>
  fc.record({
    one: fc.constant(all),
    other: fc
      .tuple(fc.shuffledSubarray(all, { minLength: all.length }), fc.shuffledSubarray(all))
      .map(([every, again]) => [...every, ...again]),
  }),
);

test('telemetry of legs gives one end and one state of the call in any order, told once or twice', () => {
  fc.assert(
    fc.property(shuffled, fc.boolean(), ({ one, other }, isOpenedLast) => {
      const desks = [one, other].map((all) => {
        const desk = openDesk();
        const question = requested({ expiresAt: new Date(START_MS + HOUR_MS).toISOString() });
        const reports = all.map(reportOf);
        desk.takeAll(
          isOpenedLast ? [question, ...reports, opened()] : [question, opened(), ...reports],
        );
        return desk;
      });

      const [first, second] = desks.map((desk) => [
        desk.attempt().detail,
        desk.verification().nextDeadlineAtMs,
        desk.sweep('v', 30 * MINUTE_MS)?.decisions,
        desk.attempt().state,
      ]);
      expect(second).toEqual(first);
    }),
    { numRuns: 500 },
  );
});
