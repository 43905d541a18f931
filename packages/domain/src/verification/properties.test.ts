import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Report } from './apply-report.ts';
import { nextDeadlineOf } from './deadline.ts';
import {
  checked,
  claimed,
  idsOf,
  opening,
  processSteps,
  progress,
  question,
  reportSequences,
  type Steps,
} from './sequences.test-support.ts';
import {
  HOUR_MS,
  opened,
  openStore,
  POLICY,
  requested,
  START_MS,
  type Store,
} from './store.test-support.ts';

test('any sequence is processed without a throw, changes nothing final, and settles each verification at most once', () => {
  fc.assert(
    fc.property(reportSequences, (steps) => {
      // the store keeps rows as JSON, and throws where something final changes or changes without a decision
      const store = processSteps(steps);

      for (const id of ['v', 'w']) {
        const settled = store.settled.filter((data) => data.verification === id);
        expect(settled.length).toBeLessThanOrEqual(1);
        expectSound(store, id);
      }
    }),
    { numRuns: 2000 },
  );
});

test('everything reported a second time changes nothing once all is decided', () => {
  fc.assert(
    fc.property(reportSequences, (steps) => {
      const store = processSteps(steps);
      const endMs = 100 * HOUR_MS;
      for (const id of idsOf(steps)) store.sweep(id, endMs);
      const settledCount = store.settled.length;

      for (const { report } of steps) {
        const { data } = report.event;
        if (store.verification(data.verification).state === 'pending') continue;
        expect(store.process({ ...report, takenAtMs: START_MS + endMs }).decisions).toEqual([]);
      }

      expect(store.settled).toHaveLength(settledCount);
    }),
    { numRuns: 500 },
  );
});

test('a reader that lags comes to the same outcome as one that does not', () => {
  fc.assert(
    fc.property(reportSequences, (steps) => {
      const prompt = openStore();
      const lagging = openStore();
      let atMs = 0;
      for (const { report, waitMs } of steps) {
        atMs += waitMs;
        const stamped = { ...report, takenAtMs: START_MS + atMs };
        const id = stamped.event.data.verification;
        sweepAll(prompt, steps, atMs);
        expect(lagging.process(stamped).disposition).toBe(prompt.process(stamped).disposition);
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
  const sequences = fc
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
    fc.property(sequences, ({ others, one, other, onePlaces, otherPlaces }) => {
      const first = storeAfter(weave(others, one, onePlaces));
      const second = storeAfter(weave(others, other, otherPlaces));

      expect(statesOf(second)).toEqual(statesOf(first));
    }),
    { numRuns: 1000 },
  );
});

test('a request that arrives first or last gives the same outcome', () => {
  const facts = fc.array(fc.oneof(opening, progress, checked, claimed), { maxLength: 12 });
  fc.assert(
    fc.property(facts, question.filter(namesDeadline), (reports, asked) => {
      const first = openStore();
      const last = openStore();

      first.processBatch([asked, ...reports].map(inOneMinute));
      last.processBatch([...reports, asked].map(inOneMinute));

      const id = asked.event.data.verification;
      for (const store of [first, last]) store.sweep(id, 100 * HOUR_MS);
      for (const store of [first, last]) expect(store.settled).toHaveLength(1);
      expect(statesOf(last, id)).toEqual(statesOf(first, id));
    }),
    { numRuns: 1000 },
  );
});

function sweepAll(store: Store, steps: Steps, atMs: number): void {
  for (const id of idsOf(steps)) store.sweep(id, atMs);
}

function outcomeOf(store: Store, id: string): unknown {
  return store.settled.find(({ verification: settled }) => settled === id);
}

function namesDeadline({ event }: Report): boolean {
  return 'expiresAt' in event.data;
}

function statesOf(store: Store, id = 'v'): unknown {
  const { state, attempt: decidedBy } = store.verification(id);
  const opened = store.attempts(id).filter(({ openedAtMs }) => openedAtMs !== undefined);
  return [state, decidedBy, opened.map((row) => [row.attempt, row.state]).toSorted()];
}

/** Everything within the grace period, and then long enough for all of it to be decided. */
function storeAfter(reports: readonly Report[]): Store {
  const store = openStore();
  const all = ['a', 'b', 'c'].map((name) => opened({ attempt: name }));
  store.processBatch([requested({ purpose: 'transfer-approval' }), ...all]);
  for (const report of reports) store.process(ofOneVerification(report));
  store.sweep('v', HOUR_MS);
  return store;
}

function ofOneVerification(report: Report): Report {
  const { data: sent } = report.event;
  const call = { ...('call' in sent ? sent.call : {}), session: 'call-1' };
  const data = { ...sent, verification: 'v', call };
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
function expectSound(store: Store, id: string): void {
  const attempts = store.attempts(id);
  if (attempts.length === 0) return;
  const row = store.verification(id);
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
