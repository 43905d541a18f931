import type { VerificationEvent } from '@latchkey/contracts';
import {
  type AttemptState,
  type ChangedVerifications,
  type FailureCount,
  failureCountId,
  foldDue,
  foldReports,
  type VerificationChanges,
  type VerificationState,
} from '@latchkey/domain';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { structured } from '../../support/events.ts';
import { parseSent } from '../oracle/parse-sent.ts';
import {
  deriveCallEnd,
  type Ending,
  listEndings,
  type VerificationFact,
} from '../oracle/reference/verification.ts';
import { groupByVerification } from '../oracle/sent-facts.ts';
import { POLICY, parseEvent } from './person-world.ts';
import { HISTORIES } from './run-count.ts';
import { type VerificationHistory, verificationHistories } from './verification-history.ts';

const RUNS = { numRuns: HISTORIES };
const START_MS = Date.parse('2026-06-10T12:00:00Z');
const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;

/** State and messages after each report, and after a sweep one hour later. */
interface Trace {
  readonly states: readonly string[];
  readonly attempts: readonly ReadonlyMap<string, string>[];
  readonly settled: readonly object[];
  readonly decidedBy: string | undefined;
}

function runReports({ arriving }: VerificationHistory): Trace {
  const known = new Set<string>();
  const trace = {
    states: [] as string[],
    attempts: [] as Map<string, string>[],
    settled: [] as object[],
  };
  const context = { policy: POLICY.verification, epoch: 0 };
  const verifications = new Map<string, VerificationState>();
  const attempts = new Map<string, AttemptState>();
  const failures = new Map<string, FailureCount>();
  const locked = () => ({
    verifications,
    attempts: Map.groupBy(attempts.values(), ({ verificationId }) => verificationId),
    failures,
  });
  const keep = (changes: VerificationChanges, changed: ChangedVerifications): void => {
    for (const state of changed.verifications) verifications.set(state.verificationId, state);
    for (const state of changed.attempts) attempts.set(state.attempt, state);
    for (const count of changed.failures) failures.set(failureCountId(count), count);
    const [verification] = verifications.values();
    trace.states.push(verification?.state ?? 'pending');
    trace.attempts.push(new Map([...attempts].map(([attempt, { state }]) => [attempt, state])));
    if (changes.settled !== undefined) trace.settled.push(changes.settled);
  };
  for (const sent of arriving) {
    if (known.has(sent.id)) continue;
    known.add(sent.id);
    const report = {
      event: parseEvent(sent) as VerificationEvent,
      takenAtMs: START_MS + known.size * SECOND_MS,
    };
    const { outcomes, changed } = foldReports(locked(), [report], context);
    for (const outcome of outcomes) keep(outcome, changed);
  }
  const laterMs = START_MS + HOUR_MS;
  const due = [...verifications.keys()].map((verificationId) => ({
    verificationId,
    readThroughMs: laterMs,
  }));
  const { outcomes, changed } = foldDue(locked(), due, laterMs, context);
  for (const { changes } of outcomes) keep(changes, changed);
  const [verification] = verifications.values();
  return { ...trace, decidedBy: verification?.attempt };
}

function isOpen(attempt: string): boolean {
  return ['open', 'collecting', 'checking'].includes(attempt);
}

function endingsOf(history: VerificationHistory): readonly Ending[] {
  return listEndings(factsOf(history));
}

function factsOf({ events }: VerificationHistory): readonly VerificationFact[] {
  const parsed = events.map((event) => parseSent(structured(event)));
  const all = groupByVerification(
    parsed.flatMap((read) => (read.kind === 'event' ? [read.event] : [])),
  );
  return all[0]?.facts ?? [];
}

test('a verification ends in an outcome that its reports allow; where only one is possible, in every order', () => {
  fc.assert(
    fc.property(verificationHistories, (history) => {
      const trace = runReports(history);
      const endings = endingsOf(history);
      const found = { outcome: trace.states.at(-1), attempt: trace.decidedBy };

      const fits = endings.some(
        ({ outcome, attempt }) =>
          outcome === found.outcome && (attempt === undefined || attempt === found.attempt),
      );
      if (endings.length === 0) expect(found.outcome).toBe('pending');
      else expect(fits, JSON.stringify({ found, endings })).toBe(true);
    }),
    RUNS,
  );
});

test('an attempt ends as its session and legs report, in every order', () => {
  fc.assert(
    fc.property(verificationHistories, (history) => {
      const trace = runReports(history);
      if (trace.states.at(-1) !== 'pending') return;
      const facts = factsOf(history);
      for (const [attempt, state] of trace.attempts.at(-1) ?? []) {
        if (['rejected', 'cancelled'].includes(state) && hasVerdict(facts, attempt)) continue;
        expect(isOpen(state) ? undefined : state).toBe(deriveCallEnd(facts, attempt));
      }
    }),
    RUNS,
  );
});

function hasVerdict(facts: readonly VerificationFact[], attempt: string): boolean {
  return facts.some(
    ({ kind, data }) =>
      kind === 'verdict-reached' &&
      data.attempt === attempt &&
      ['rejected', 'cancelled'].includes(data.verdict),
  );
}

test('I5: a final verification and its attempts never change, and it is published once', () => {
  fc.assert(
    fc.property(verificationHistories, (history) => {
      const { states, attempts, settled } = runReports(history);
      const isFinal = states.at(-1) !== 'pending';

      expect(settled).toHaveLength(isFinal ? 1 : 0);
      const ends = states.filter((state) => state !== 'pending');
      expect(new Set(ends).size).toBeLessThanOrEqual(1);
      expect(states.slice(states.length - ends.length)).toEqual(ends);
      const last = [...(attempts.at(-1)?.values() ?? [])];
      if (isFinal) expect(last.filter(isOpen)).toEqual([]);
      for (const [at, now] of attempts.entries()) {
        for (const [attempt, state] of attempts[at - 1] ?? []) {
          expect(isOpen(state) || now.get(attempt) === state).toBe(true);
        }
      }
    }),
    RUNS,
  );
});
