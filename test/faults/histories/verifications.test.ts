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
import { readSent } from '../oracle/read-sent.ts';
import {
  type Ending,
  endOfCall,
  possibleEndings,
  type VerificationFact,
} from '../oracle/reference/verification.ts';
import { verificationsOf } from '../oracle/sent-facts.ts';
import { HISTORIES } from './how-many.ts';
import { eventOf, POLICY } from './person-world.ts';
import { type VerificationHistory, verificationHistories } from './verification-history.ts';

const RUNS = { numRuns: HISTORIES };
const START_MS = Date.parse('2026-06-10T12:00:00Z');
const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;

/** What was stored and published after each report, and after the sweep of an hour later. */
interface Told {
  readonly states: readonly string[];
  readonly attempts: readonly ReadonlyMap<string, string>[];
  readonly settled: readonly object[];
  readonly decidedBy: string | undefined;
}

function tell({ arriving }: VerificationHistory): Told {
  const taken = new Set<string>();
  const told = {
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
    told.states.push(verification?.state ?? 'pending');
    told.attempts.push(new Map([...attempts].map(([attempt, { state }]) => [attempt, state])));
    if (changes.settled !== undefined) told.settled.push(changes.settled);
  };
  for (const sent of arriving) {
    if (taken.has(sent.id)) continue;
    taken.add(sent.id);
    const report = {
      event: eventOf(sent) as VerificationEvent,
      takenAtMs: START_MS + taken.size * SECOND_MS,
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
  return { ...told, decidedBy: verification?.attempt };
}

function isOpen(attempt: string): boolean {
  return ['open', 'collecting', 'checking'].includes(attempt);
}

function endingsOf(history: VerificationHistory): readonly Ending[] {
  return possibleEndings(factsOf(history));
}

function factsOf({ events }: VerificationHistory): readonly VerificationFact[] {
  const said = events.map((event) => readSent(structured(event)));
  const all = verificationsOf(said.flatMap((read) => (read.kind === 'said' ? [read.event] : [])));
  return all[0]?.facts ?? [];
}

test('a verification ends in a way that its reports allow, and in the only one in any order', () => {
  fc.assert(
    fc.property(verificationHistories, (history) => {
      const told = tell(history);
      const endings = endingsOf(history);
      const found = { outcome: told.states.at(-1), attempt: told.decidedBy };

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

test('a call ends its attempt as its session and its legs say, in any order', () => {
  fc.assert(
    fc.property(verificationHistories, (history) => {
      const told = tell(history);
      if (told.states.at(-1) !== 'pending') return;
      const facts = factsOf(history);
      for (const [attempt, state] of told.attempts.at(-1) ?? []) {
        if (['rejected', 'cancelled'].includes(state) && hasVerdict(facts, attempt)) continue;
        expect(isOpen(state) ? undefined : state).toBe(endOfCall(facts, attempt));
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

test('I5: what has ended stays as it is, with all attempts, and is announced once', () => {
  fc.assert(
    fc.property(verificationHistories, (history) => {
      const { states, attempts, settled } = tell(history);
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
