import { expect, test } from 'vitest';
import { type Report } from './apply-report.ts';
import {
  type Desk,
  input,
  MINUTE_MS,
  openDesk,
  opened,
  progressed,
  requested,
  SECOND_MS,
  verdict,
} from './desk.test-support.ts';

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
  ['each told twice under two ids', SECOND_MS, 2],
  ['each told twice in one millisecond', 0, 2],
  ['spread over the grace period', 29 * SECOND_MS, 1],
])('S21 call, shuffled and early: verified once in any order, %s', (_, stepMs, times) => {
  for (const order of orders) {
    const desk = openDesk();

    order.forEach((told, index) => {
      for (let time = 0; time < times; time += 1) desk.take(told(index * stepMs));
    });
    desk.sweep('v', 30 * MINUTE_MS);

    expectVerifiedOnce(desk);
  }
});

test('S21 call, shuffled and early: all told again after all of it changes nothing', () => {
  for (const order of orders) {
    const desk = openDesk();
    order.forEach((told, index) => desk.take(told(index)));
    const before = [desk.verification(), desk.attempts()];

    const again = order.map((told, index) => desk.take(told(index + 100)));

    expect(again.flatMap((taken) => taken.decisions)).toEqual([]);
    expect([desk.verification(), desk.attempts()]).toEqual(before);
  }
});

test('S22 lag expires nobody: a verdict taken in time counts although the clock is past the deadline', () => {
  const desk = openDesk();
  const expiresAt = '2026-03-02T09:00:03Z';
  desk.takeAll([requested({ expiresAt }), opened({}, SECOND_MS)]);

  expect(desk.sweep('v', 10_000, 2999)).toBeUndefined();
  desk.take(verdict({}, 2999));

  expect(desk.verification()).toMatchObject({ state: 'verified', generation: 1 });
  expect(desk.sweep('v', 20_000)).toBeUndefined();
  expect(desk.settled).toHaveLength(1);
});

test('S22 lag expires nobody: once its partition is read past the deadline it expires at the deadline', () => {
  const desk = openDesk();
  desk.takeAll([requested({ expiresAt: '2026-03-02T09:00:03Z' }), opened({}, SECOND_MS)]);

  desk.sweep('v', 10_000, 3000);

  expect(desk.settled).toMatchObject([
    { outcome: 'expired', decidedAt: '2026-03-02T09:00:03.000Z', validUntil: null },
  ]);
  expect(desk.attempt().state).toBe('expired');
});

test('S23 other channel: what the call tells later is recorded and changes nothing', () => {
  const desk = openDesk();
  desk.takeAll([
    requested(),
    opened({ attempt: 'voice' }, 1),
    opened({ attempt: 'app', channel: 'app', platform: 'push' }, 2),
    verdict({ attempt: 'app', platform: 'push', method: 'passkey' }, 3),
  ]);
  const before = JSON.stringify([desk.verification(), desk.attempts()]);

  const late = desk.takeAll([
    verdict({ attempt: 'voice', verdict: 'rejected' }, 4),
    progressed({ attempt: 'voice' }, 5),
    input({ attempt: 'voice' }, 6),
    verdict({ attempt: 'voice', verdict: 'verified' }, 7),
  ]);

  expect(late.map((taken) => [taken.disposition, taken.finalState])).toEqual([
    ['contradictory', 'superseded'],
    ['duplicate_other_channel', 'superseded'],
    ['duplicate_other_channel', 'superseded'],
    ['duplicate_other_channel', 'superseded'],
  ]);
  expect(JSON.stringify([desk.verification(), desk.attempts()])).toBe(before);
  expect(desk.settled).toMatchObject([
    { outcome: 'verified', attempt: 'app', channel: 'app', method: 'passkey', generation: 1 },
  ]);
});

test('S24 one wrong PIN six times: one failure; then failures over calls lock, and a match does not verify', () => {
  const desk = openDesk();
  const person = { source: 'urn:example:hr', externalId: 'E1' };
  desk.takeAll([requested({ purpose: 'helpdesk-reset', person }), opened()]);

  const six = desk.takeAll(Array.from({ length: 6 }, (_, at) => input({ result: 'mismatch' }, at)));

  expect(six.map((taken) => taken.disposition)).toEqual([
    'accepted',
    ...Array<string>(5).fill('duplicate'),
  ]);
  expect(desk.failures('urn:example:hr#E1', 'helpdesk-reset')).toBe(1);

  desk.takeAll([
    opened({ attempt: 'b', call: { session: 'call-2' } }, 10),
    input({ attempt: 'b', call: { session: 'call-2' }, result: 'mismatch' }, 11),
    opened({ attempt: 'c', call: { session: 'call-3' } }, 12),
    input({ attempt: 'c', call: { session: 'call-3' }, result: 'mismatch' }, 13),
  ]);
  const match = desk.take(input({ attempt: 'c', call: { session: 'call-3' }, step: '2' }, 14));

  expect(match.disposition).toBe('late_input');
  expect(desk.verification()).toMatchObject({ state: 'locked', attempt: 'c' });
  expect(desk.attempts().map(({ state }) => state)).toEqual([
    'superseded',
    'superseded',
    'max_attempts',
  ]);
  expect(desk.settled).toMatchObject([{ outcome: 'locked', person, validUntil: null }]);
});

test('S25 contradiction: verified, then rejected for the same attempt', () => {
  const desk = openDesk();
  desk.takeAll([requested(), opened(), verdict({}, 1)]);
  const before = desk.verification();

  const contradiction = desk.take(verdict({ verdict: 'rejected' }, 2));

  expect(contradiction).toMatchObject({ disposition: 'contradictory', finalState: 'verified' });
  expect(desk.verification()).toEqual(before);
  expect(desk.settled).toHaveLength(1);
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
      const desk = openDesk();

      desk.takeAll(order);
      desk.sweep('v', 3 * MINUTE_MS - 1);

      expect(desk.take(pinOfMobile)).toMatchObject({
        disposition: 'accepted',
        finalState: 'verified',
      });
      expectVerifiedOnce(desk);
    }
  },
);

test('S28 two legs: the same with the end of the session before the match is late, in any order', () => {
  const sessionEnd = progressed({ status: 'ended', endReason: 'completed' }, 6);
  const told = twoLegs('canceled');
  for (const order of permutationsOf([...told.slice(2), sessionEnd])) {
    const desk = openDesk();

    desk.takeAll([...told.slice(0, 2), ...order]);

    expect(desk.take(pinOfMobile).disposition).toBe('late_input');
    desk.sweep('v', 3 * MINUTE_MS);
    expect(desk.attempt().state).toBe('hung_up');
    expect(desk.verification().state).toBe('pending');
  }
});

test('S29 verdict and factors: a verdict that names too little verifies nothing until the rest has matched', () => {
  const desk = openDesk();
  desk.takeAll([requested({ purpose: 'transfer-approval' }), opened()]);

  expect(desk.take(verdict({}, 1)).disposition).toBe('progress');
  expect(desk.verification().state).toBe('pending');
  expect(desk.take(verdict({ method: 'pin' }, 2)).disposition).toBe('progress');
  expect(desk.verification().state).toBe('pending');

  desk.take(input({ step: '1', factor: 'voice' }, 3));
  expectVerifiedOnce(desk);
  expect(desk.settled).toMatchObject([{ method: 'pin+voice' }]);
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
    const desk = openDesk();
    desk.takeAll(order);
    expectVerifiedOnce(desk);
    expect(desk.settled).toMatchObject([{ method: 'pin+voice' }]);
  }
});

function expectVerifiedOnce(desk: Desk): void {
  expect(desk.verification()).toMatchObject({ state: 'verified', generation: 1 });
  expect(desk.attempt()).toMatchObject({ state: 'verified' });
  expect(desk.settled).toMatchObject([
    { outcome: 'verified', generation: 1, attempt: 'a', channel: 'voice' },
  ]);
}

function permutationsOf<T>(values: readonly T[]): T[][] {
  if (values.length === 0) return [[]];
  return values.flatMap((first, index) =>
    permutationsOf(values.toSpliced(index, 1)).map((rest) => [first, ...rest]),
  );
}
