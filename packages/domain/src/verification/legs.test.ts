import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Report } from './apply-report.ts';
import { LEGS_MAX_COUNT } from './call.ts';
import {
  HOUR_MS,
  input,
  MINUTE_MS,
  opened,
  openStore,
  progressed,
  requested,
  SECOND_MS,
  START_MS,
  type Store,
  verdict,
} from './store.test-support.ts';

type Progress = Parameters<typeof progressed>[0];

const GRACE_MS = 2 * MINUTE_MS;

function leg(name: string, data: Progress, atMs: number): Report {
  return progressed({ call: { session: 'call-1', leg: name }, ...data }, atMs);
}

const ringing = (name: string, atMs: number): Report => leg(name, { status: 'ringing' }, atMs);
const answered = (name: string, atMs: number): Report => leg(name, { status: 'answered' }, atMs);
const ended = (name: string, endReason: NonNullable<Progress>['endReason'], atMs: number): Report =>
  leg(name, { status: 'ended', ...(endReason && { endReason }) }, atMs);

/** A store with one opened call and the reports of its platform. */
function storeWith(...reports: readonly Report[]): Store {
  const store = openStore();
  store.processBatch([requested({ purpose: 'helpdesk-reset' }), opened(), ...reports]);
  return store;
}

function endOf(store: Store): unknown {
  store.sweep('v', 9 * MINUTE_MS);
  const { state, endedAtMs } = store.attempt();
  return [state, endedAtMs === undefined ? undefined : endedAtMs - START_MS];
}

describe('an attempt ends', () => {
  test('when the last of its legs has ended', () => {
    const store = storeWith(
      ringing('desk', 1),
      ringing('mobile', 2),
      ended('desk', 'no_answer', 10),
      ended('mobile', 'no_answer', 20),
    );

    expect(endOf(store)).toEqual(['no_answer', 20 + GRACE_MS]);
  });

  test('when its session has ended, in any state of its legs', () => {
    const store = storeWith(ringing('desk', 1), answered('mobile', 2), progressed({}, 30));

    expect(endOf(store)).toEqual(['hung_up', 30 + GRACE_MS]);
  });

  test('at the earlier of the two', () => {
    const session = storeWith(ringing('desk', 1), progressed({}, 10), ended('desk', 'busy', 20));
    const legs = storeWith(ringing('desk', 1), ended('desk', 'busy', 10), progressed({}, 20));

    expect(endOf(session)).toEqual(['busy', 10 + GRACE_MS]);
    expect(endOf(legs)).toEqual(['busy', 10 + GRACE_MS]);
  });

  test('not while one of its legs has no end', () => {
    const store = storeWith(answered('mobile', 1), ended('desk', 'canceled', 2));

    expect(endOf(store)).toEqual(['open', undefined]);
    expect(store.verification().nextDeadlineAtMs).toBe(START_MS + 10 * MINUTE_MS);
  });
});

describe('a leg that is seen for the first time', () => {
  const first = [ringing('desk', 1), ended('desk', 'canceled', SECOND_MS)];
  const graceEndMs = SECOND_MS + GRACE_MS;

  test('inside the grace period takes the end back', () => {
    const store = storeWith(...first, ringing('mobile', graceEndMs - 1));

    expect(store.process(input({}, 5 * MINUTE_MS)).disposition).toBe('accepted');
    expect(store.verification().state).toBe('verified');
  });

  test('after the grace period takes nothing back', () => {
    const store = storeWith(...first);

    expect(store.process(ringing('mobile', graceEndMs)).disposition).toBe('late_telemetry');
    expect(store.process(input({}, graceEndMs + 1)).disposition).toBe('late_input');
    expect(endOf(store)).toEqual(['cancelled', graceEndMs]);
  });

  test('does not take back the end of the session', () => {
    const store = storeWith(progressed({}, SECOND_MS), ringing('mobile', 2 * SECOND_MS));

    expect(endOf(store)).toEqual(['hung_up', graceEndMs]);
  });

  test('is seen by telemetry only: what it types or decides makes no leg', () => {
    const call = { session: 'call-1', leg: 'mobile' };
    const store = storeWith(
      ...first,
      input({ call, result: 'no_input' }, 2 * SECOND_MS),
      verdict({ call, verdict: 'inconclusive' }, 3 * SECOND_MS),
    );

    expect(endOf(store)).toEqual(['cancelled', graceEndMs]);
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
] as const)('how it ended: %s', (_, reports, state) => {
  const store = storeWith(ended('desk', 'canceled', 1), ...reports);

  expect(endOf(store)).toEqual([state, expect.any(Number)]);
});

test('how it ended: where an answered leg has no end, as the session ended', () => {
  const store = storeWith(
    answered('mobile', 1),
    ended('desk', 'busy', 2),
    progressed({ endReason: 'failed' }, 3),
  );

  expect(endOf(store)).toEqual(['unreachable', 3 + GRACE_MS]);
});

test('telemetry of each leg is merged by its own rank', () => {
  const store = storeWith();

  const outcomes = store.processBatch([
    answered('mobile', 1),
    ringing('desk', 2),
    ringing('mobile', 3),
    answered('mobile', 4),
    progressed({ status: 'ringing' }, 5),
    ended('desk', 'canceled', 6),
    ended('desk', 'canceled', 7),
    ringing('desk', 8),
  ]);

  expect(outcomes.map(({ disposition }) => disposition)).toEqual([
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
    expect(endOf(storeWith(...allEnded))).toEqual(['no_answer', LEGS_MAX_COUNT - 1 + GRACE_MS]);
  });

  test('one more is late telemetry, and from then on only the session ends the attempt', () => {
    const store = storeWith(...allEnded);

    const [one, same, known] = store.processBatch([
      ended('one more', 'busy', 50),
      ended('one more', 'busy', 51),
      ended('leg-0', 'busy', 52),
    ]);

    expect(one).toMatchObject({
      disposition: 'late_telemetry',
      decisions: [{ kind: 'legs_exceeded', attempt: 'a' }],
    });
    for (const outcome of [same, known]) {
      expect(outcome).toMatchObject({ disposition: 'late_telemetry', attempts: [], decisions: [] });
    }
    expect(store.verification().nextDeadlineAtMs).toBe(START_MS + 10 * MINUTE_MS);
    expect(store.process(input({ result: 'no_input' }, 5 * MINUTE_MS)).disposition).toBe(
      'accepted',
    );
    store.process(progressed({ endReason: 'failed' }, 6 * MINUTE_MS));
    expect(endOf(store)).toEqual(['unreachable', 6 * MINUTE_MS + GRACE_MS]);
  });

  test('telemetry of an attempt that was never opened expires like any parked fact', () => {
    const store = openStore();
    store.process(requested({ expiresAt: '2026-03-02T10:00:00Z' }));
    store.processBatch([...allEnded, ended('one more', 'busy', 50)]);

    const swept = store.sweep('v', 50 + 10 * MINUTE_MS);

    expect(swept?.decisions).toEqual([{ kind: 'telemetry_dropped', attempt: 'a' }]);
    expect(store.attempt().detail).toEqual({});
  });
});

test('legs are tracked separately under any name', () => {
  const store = storeWith(ringing('__proto__', 1), ended('constructor', 'busy', 2));
  expect(endOf(store)).toEqual(['open', undefined]);

  store.process(ended('__proto__', 'canceled', 3));
  expect(endOf(store)).toEqual(['busy', 3 + GRACE_MS]);
});

const report = fc.record(
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

/** All telemetry inside one grace period, so that none of it can be late. */
const shuffled = fc.array(report, { maxLength: 12 }).chain((all) =>
  fc.record({
    one: fc.constant(all),
    other: fc
      .tuple(fc.shuffledSubarray(all, { minLength: all.length }), fc.shuffledSubarray(all))
      .map(([every, again]) => [...every, ...again]),
  }),
);

test('telemetry of legs gives one end and one state of the call in any order, reported once or twice', () => {
  fc.assert(
    fc.property(shuffled, fc.boolean(), ({ one, other }, isOpenedLast) => {
      const stores = [one, other].map((all) => {
        const store = openStore();
        const question = requested({ expiresAt: new Date(START_MS + HOUR_MS).toISOString() });
        const reports = all.map(reportOf);
        store.processBatch(
          isOpenedLast ? [question, ...reports, opened()] : [question, opened(), ...reports],
        );
        return store;
      });

      const [first, second] = stores.map((store) => [
        store.attempt().detail,
        store.verification().nextDeadlineAtMs,
        store.sweep('v', 30 * MINUTE_MS)?.decisions,
        store.attempt().state,
      ]);
      expect(second).toEqual(first);
    }),
    { numRuns: 500 },
  );
});
