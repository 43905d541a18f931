import { expect, test } from 'vitest';
import { type Report } from './apply-report.ts';
import {
  input,
  MINUTE_MS,
  opened,
  openStore,
  progressed,
  requested,
  SECOND_MS,
  type Store,
  verdict,
} from './store.test-support.ts';

const S21 = [
  (atMs: number): Report => requested({ purpose: 'helpdesk-reset' }, atMs),
  (atMs: number): Report => opened({}, atMs),
  (atMs: number): Report => progressed({ status: 'ended', endReason: 'completed' }, atMs),
  (atMs: number): Report => input({}, atMs),
  (atMs: number): Report => verdict({}, atMs),
];
const orders = permutationsOf(S21);

test('S21 has 120 orders', () => {
  expect(orders).toHaveLength(120);
});

test.each([
  ['one second apart', SECOND_MS, 1],
  ['in one millisecond', 0, 1],
  ['each reported twice under two ids', SECOND_MS, 2],
  ['each reported twice in one millisecond', 0, 2],
  ['spread over the grace period', 29 * SECOND_MS, 1],
])('S21 call, shuffled and early: verified once in any order, %s', (_, stepMs, times) => {
  for (const order of orders) {
    const store = openStore();

    order.forEach((report, index) => {
      for (let time = 0; time < times; time += 1) store.process(report(index * stepMs));
    });
    store.sweep('v', 30 * MINUTE_MS);

    expectVerifiedOnce(store);
  }
});

test('S21 call, shuffled and early: all reported again at the end changes nothing', () => {
  for (const order of orders) {
    const store = openStore();
    order.forEach((report, index) => store.process(report(index)));
    const before = [store.verification(), store.attempts()];

    const again = order.map((report, index) => store.process(report(index + 100)));

    expect(again.flatMap((outcome) => outcome.decisions)).toEqual([]);
    expect([store.verification(), store.attempts()]).toEqual(before);
  }
});

test('S22 lag expires no verification: a verdict stamped in time counts although the clock is past the deadline', () => {
  const store = openStore();
  const expiresAt = '2026-03-02T09:00:03Z';
  store.processBatch([requested({ expiresAt }), opened({}, SECOND_MS)]);

  expect(store.sweep('v', 10_000, 2999)).toBeUndefined();
  store.process(verdict({}, 2999));

  expect(store.verification()).toMatchObject({ state: 'verified', generation: 1 });
  expect(store.sweep('v', 20_000)).toBeUndefined();
  expect(store.settled).toHaveLength(1);
});

test('S22 lag expires no verification: once its partition is read past the deadline it expires at the deadline', () => {
  const store = openStore();
  store.processBatch([requested({ expiresAt: '2026-03-02T09:00:03Z' }), opened({}, SECOND_MS)]);

  store.sweep('v', 10_000, 3000);

  expect(store.settled).toMatchObject([
    { outcome: 'expired', decidedAt: '2026-03-02T09:00:03.000Z', validUntil: null },
  ]);
  expect(store.attempt().state).toBe('expired');
});

test('S23 other channel: what the call reports later is recorded and changes nothing', () => {
  const store = openStore();
  store.processBatch([
    requested(),
    opened({ attempt: 'voice' }, 1),
    opened({ attempt: 'app', channel: 'app', platform: 'push' }, 2),
    verdict({ attempt: 'app', platform: 'push', method: 'passkey' }, 3),
  ]);
  const before = JSON.stringify([store.verification(), store.attempts()]);

  const late = store.processBatch([
    verdict({ attempt: 'voice', verdict: 'rejected' }, 4),
    progressed({ attempt: 'voice' }, 5),
    input({ attempt: 'voice' }, 6),
    verdict({ attempt: 'voice', verdict: 'verified' }, 7),
  ]);

  expect(late.map((outcome) => [outcome.disposition, outcome.finalState])).toEqual([
    ['contradictory', 'superseded'],
    ['duplicate_other_channel', 'superseded'],
    ['duplicate_other_channel', 'superseded'],
    ['duplicate_other_channel', 'superseded'],
  ]);
  expect(JSON.stringify([store.verification(), store.attempts()])).toBe(before);
  expect(store.settled).toMatchObject([
    { outcome: 'verified', attempt: 'app', channel: 'app', method: 'passkey', generation: 1 },
  ]);
});

test('S24 one wrong PIN six times: one failure; then failures over calls lock, and a match does not verify', () => {
  const store = openStore();
  const person = { source: 'urn:example:hr', externalId: 'E1' };
  store.processBatch([requested({ purpose: 'helpdesk-reset', person }), opened()]);

  const six = store.processBatch(
    Array.from({ length: 6 }, (_, at) => input({ result: 'mismatch' }, at)),
  );

  expect(six.map((outcome) => outcome.disposition)).toEqual([
    'accepted',
    ...Array<string>(5).fill('duplicate'),
  ]);
  expect(store.failures('urn:example:hr#E1', 'helpdesk-reset')).toBe(1);

  store.processBatch([
    opened({ attempt: 'b', call: { session: 'call-2' } }, 10),
    input({ attempt: 'b', call: { session: 'call-2' }, result: 'mismatch' }, 11),
    opened({ attempt: 'c', call: { session: 'call-3' } }, 12),
    input({ attempt: 'c', call: { session: 'call-3' }, result: 'mismatch' }, 13),
  ]);
  const match = store.process(input({ attempt: 'c', call: { session: 'call-3' }, step: '2' }, 14));

  expect(match.disposition).toBe('late_input');
  expect(store.verification()).toMatchObject({ state: 'locked', attempt: 'c' });
  expect(store.attempts().map(({ state }) => state)).toEqual([
    'superseded',
    'superseded',
    'max_attempts',
  ]);
  expect(store.settled).toMatchObject([{ outcome: 'locked', person, validUntil: null }]);
});

test('S25 contradiction: verified, then rejected for the same attempt', () => {
  const store = openStore();
  store.processBatch([requested(), opened(), verdict({}, 1)]);
  const before = store.verification();

  const contradiction = store.process(verdict({ verdict: 'rejected' }, 2));

  expect(contradiction).toMatchObject({ disposition: 'contradictory', finalState: 'verified' });
  expect(store.verification()).toEqual(before);
  expect(store.settled).toHaveLength(1);
});

/** Two phones ring together; the PIN is typed on the one that answers. */
function twoLegs(deskEnd: 'canceled' | 'busy'): readonly Report[] {
  const leg = (name: string): Parameters<typeof progressed>[0] => ({
    call: { session: 'call-1', leg: name },
  });
  return [
    requested({ purpose: 'helpdesk-reset' }),
    opened({}, 1),
    progressed({ ...leg('desk'), status: 'ringing' }, 2),
    progressed({ ...leg('mobile'), status: 'ringing' }, 3),
    progressed({ ...leg('desk'), status: 'ended', endReason: deskEnd }, 4),
    progressed({ ...leg('mobile'), status: 'answered' }, 5),
  ];
}
const pinOfMobile = input({ call: { session: 'call-1', leg: 'mobile' } }, 3 * MINUTE_MS);

test.each(['canceled', 'busy'] as const)(
  'S28 two legs: the one that ended %s ends itself, and the PIN on the other verifies, in any order',
  (deskEnd) => {
    for (const order of permutationsOf(twoLegs(deskEnd))) {
      const store = openStore();

      store.processBatch(order);
      store.sweep('v', 3 * MINUTE_MS - 1);

      expect(store.process(pinOfMobile)).toMatchObject({
        disposition: 'accepted',
        finalState: 'verified',
      });
      expectVerifiedOnce(store);
    }
  },
);

test('S28 two legs: the same with the end of the session before the match is late, in any order', () => {
  const sessionEnd = progressed({ status: 'ended', endReason: 'completed' }, 6);
  const reports = twoLegs('canceled');
  for (const order of permutationsOf([...reports.slice(2), sessionEnd])) {
    const store = openStore();

    store.processBatch([...reports.slice(0, 2), ...order]);

    expect(store.process(pinOfMobile).disposition).toBe('late_input');
    store.sweep('v', 3 * MINUTE_MS);
    expect(store.attempt().state).toBe('hung_up');
    expect(store.verification().state).toBe('pending');
  }
});

test('S29 verdict and factors: a verdict that names too little verifies nothing until the rest has matched', () => {
  const store = openStore();
  store.processBatch([requested({ purpose: 'transfer-approval' }), opened()]);

  expect(store.process(verdict({}, 1)).disposition).toBe('progress');
  expect(store.verification().state).toBe('pending');
  expect(store.process(verdict({ method: 'pin' }, 2)).disposition).toBe('progress');
  expect(store.verification().state).toBe('pending');

  store.process(input({ step: '1', factor: 'voice' }, 3));
  expectVerifiedOnce(store);
  expect(store.settled).toMatchObject([{ method: 'pin+voice' }]);
});

test('S29 verdict and factors: verified once in any order', () => {
  const reports = [
    requested({ purpose: 'transfer-approval' }),
    opened(),
    verdict(),
    verdict({ method: 'pin' }),
    input({ step: '1', factor: 'voice' }),
  ];
  for (const order of permutationsOf(reports)) {
    const store = openStore();
    store.processBatch(order);
    expectVerifiedOnce(store);
    expect(store.settled).toMatchObject([{ method: 'pin+voice' }]);
  }
});

function expectVerifiedOnce(store: Store): void {
  expect(store.verification()).toMatchObject({ state: 'verified', generation: 1 });
  expect(store.attempt()).toMatchObject({ state: 'verified' });
  expect(store.settled).toMatchObject([
    { outcome: 'verified', generation: 1, attempt: 'a', channel: 'voice' },
  ]);
}

function permutationsOf<T>(values: readonly T[]): T[][] {
  if (values.length === 0) return [[]];
  return values.flatMap((first, index) =>
    permutationsOf(values.toSpliced(index, 1)).map((rest) => [first, ...rest]),
  );
}
