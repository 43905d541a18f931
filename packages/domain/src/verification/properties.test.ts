import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Report } from './apply-report.ts';
import { nextDeadlineOf } from './deadline.ts';
import {
  type Desk,
  HOUR_MS,
  openDesk,
  opened,
  POLICY,
  requested,
  START_MS,
} from './desk.test-support.ts';
import {
  checked,
  claimed,
  idsOf,
  opening,
  progress,
  question,
  type Steps,
  story,
  tell,
} from './story.test-support.ts';

test('any sequence is taken without a throw, changes nothing final, and settles each verification at most once', () => {
  fc.assert(
    fc.property(story, (steps) => {
      // the desk keeps rows as JSON, and throws where something final changes or changes without a decision
      const desk = tell(steps);

      for (const id of ['v', 'w']) {
        const settled = desk.settled.filter((data) => data.verification === id);
        expect(settled.length).toBeLessThanOrEqual(1);
        expectSound(desk, id);
      }
    }),
    { numRuns: 2000 },
  );
});

test('everything told a second time changes nothing once all is decided', () => {
  fc.assert(
    fc.property(story, (steps) => {
      const desk = tell(steps);
      const endMs = 100 * HOUR_MS;
      for (const id of idsOf(steps)) desk.sweep(id, endMs);
      const settledCount = desk.settled.length;

      for (const { report } of steps) {
        const { data } = report.event;
        if (desk.verification(data.verification).state === 'pending') continue;
        expect(desk.take({ ...report, takenAtMs: START_MS + endMs }).decisions).toEqual([]);
      }

      expect(desk.settled).toHaveLength(settledCount);
    }),
    { numRuns: 500 },
  );
});

test('a reader that lags comes to the same outcome as one that does not', () => {
  fc.assert(
    fc.property(story, (steps) => {
      const prompt = openDesk();
      const lagging = openDesk();
      let atMs = 0;
      for (const { report, waitMs } of steps) {
        atMs += waitMs;
        const told = { ...report, takenAtMs: START_MS + atMs };
        const id = told.event.data.verification;
        sweepAll(prompt, steps, atMs);
        expect(lagging.take(told).disposition).toBe(prompt.take(told).disposition);
        expect(id).toBeDefined();
      }
      sweepAll(prompt, steps, 100 * HOUR_MS);
      sweepAll(lagging, steps, 100 * HOUR_MS);

      for (const id of idsOf(steps)) {
        expect(outcomeOf(lagging, id)).toEqual(outcomeOf(prompt, id));
      }
    }),
    { numRuns: 1000 },
  );
});

test('the order of telemetry cannot change the result', () => {
  const telling = fc
    .record({
      others: fc.array(fc.oneof(checked, claimed), { maxLength: 6 }),
      calls: fc.array(progress, { maxLength: 5 }),
    })
    .chain(({ others, calls }) => {
      const places = fc.tuple(...calls.map(() => fc.integer({ min: 0, max: others.length })));
      return fc.record({
        others: fc.constant(others),
        one: fc.shuffledSubarray(calls, { minLength: calls.length }),
        other: fc.shuffledSubarray(calls, { minLength: calls.length }),
        onePlaces: places,
        otherPlaces: places,
      });
    });
  fc.assert(
    fc.property(telling, ({ others, one, other, onePlaces, otherPlaces }) => {
      const first = deskAfter(weave(others, one, onePlaces));
      const second = deskAfter(weave(others, other, otherPlaces));

      expect(statesOf(second)).toEqual(statesOf(first));
    }),
    { numRuns: 1000 },
  );
});

test('a question told first or last gives the same outcome', () => {
  const facts = fc.array(fc.oneof(opening, progress, checked, claimed), { maxLength: 12 });
  fc.assert(
    fc.property(facts, question.filter(namesDeadline), (reports, asked) => {
      const first = openDesk();
      const last = openDesk();

      first.takeAll([asked, ...reports].map(inOneMinute));
      last.takeAll([...reports, asked].map(inOneMinute));

      const id = asked.event.data.verification;
      for (const desk of [first, last]) desk.sweep(id, 100 * HOUR_MS);
      for (const desk of [first, last]) expect(desk.settled).toHaveLength(1);
      expect(statesOf(last, id)).toEqual(statesOf(first, id));
    }),
    { numRuns: 1000 },
  );
});

function sweepAll(desk: Desk, steps: Steps, atMs: number): void {
  for (const id of idsOf(steps)) desk.sweep(id, atMs);
}

function outcomeOf(desk: Desk, id: string): unknown {
  return desk.settled.find(({ verification: settled }) => settled === id);
}

function namesDeadline({ event }: Report): boolean {
  return 'expiresAt' in event.data;
}

function statesOf(desk: Desk, id = 'v'): unknown {
  const { state, attempt: decidedBy } = desk.verification(id);
  const opened = desk.attempts(id).filter(({ openedAtMs }) => openedAtMs !== undefined);
  return [state, decidedBy, opened.map((row) => [row.attempt, row.state]).toSorted()];
}

/** Everything within the grace period, and then long enough for all of it to be decided. */
function deskAfter(reports: readonly Report[]): Desk {
  const desk = openDesk();
  const all = ['a', 'b', 'c'].map((name) => opened({ attempt: name }));
  desk.takeAll([requested({ purpose: 'transfer-approval' }), ...all]);
  for (const report of reports) desk.take(ofOneVerification(report));
  desk.sweep('v', HOUR_MS);
  return desk;
}

function ofOneVerification(report: Report): Report {
  const { data: told } = report.event;
  const call = { ...('call' in told ? told.call : {}), session: 'call-1' };
  const data = { ...told, verification: 'v', call };
  return { ...report, event: { ...report.event, data } as Report['event'] };
}

function weave(
  others: readonly Report[],
  calls: readonly Report[],
  places: readonly number[],
): readonly Report[] {
  const before = (index: number): Report[] => calls.filter((_, n) => places[n] === index);
  return [
    ...others.flatMap((report, index) => [...before(index), report]),
    ...before(others.length),
  ];
}

function inOneMinute(report: Report, index: number): Report {
  return { ...report, takenAtMs: START_MS + index };
}

/** What is stored is consistent in itself, and the clock knows of every moment that matters. */
function expectSound(desk: Desk, id: string): void {
  const attempts = desk.attempts(id);
  if (attempts.length === 0) return;
  const row = desk.verification(id);
  const isSettled = row.state !== 'pending';
  expect(row.generation).toBe(isSettled ? 1 : 0);
  expect(row.validUntilMs === undefined).toBe(row.state !== 'verified');
  expect(nextDeadlineOf(row, attempts, POLICY)).toBe(row.nextDeadlineAtMs);
  if (!isSettled) return;
  expect(row.nextDeadlineAtMs).toBeUndefined();
  expect(
    attempts.filter(({ state }) => ['open', 'collecting', 'checking'].includes(state)),
  ).toEqual([]);
  expect(attempts.filter(({ state }) => state === 'verified')).toHaveLength(
    row.state === 'verified' ? 1 : 0,
  );
}
