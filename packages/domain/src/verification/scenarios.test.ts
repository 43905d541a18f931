import { expect, test } from 'vitest';
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
import { type Report } from './take-report.ts';

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
