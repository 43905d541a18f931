import {
  type EventDataByType,
  type VerificationEvent,
  type VerificationSettledData,
} from '@latchkey/contracts';
import { type Report, type ReportOutcome } from './apply-report.ts';
import { type AttemptState, isEnded } from './attempt.ts';
import { type FailureCount, type FailureKey } from './counted-failure.ts';
import { type VerificationChanges } from './draft.ts';
import { failureCountId, failureKeyOfState, failureKeysOf } from './failure-count.ts';
import {
  type ChangedVerifications,
  foldDue,
  foldReports,
  type LockedVerifications,
} from './fold-reports.ts';
import { type VerificationPolicy } from './policy.ts';
import { type VerificationState } from './verification.ts';

export const SECOND_MS = 1000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;

export const POLICY: VerificationPolicy = {
  purposes: new Map([
    ['helpdesk-reset', { factors: ['pin'] }],
    ['transfer-approval', { factors: ['pin', 'voice'] }],
    ['callback', { factors: [] }],
  ]),
  maxFailures: 3,
  failureWindowMs: 24 * HOUR_MS,
  validityMs: 10 * MINUTE_MS,
  graceMs: 2 * MINUTE_MS,
  parkedMs: 10 * MINUTE_MS,
  scoreThreshold: 0.9,
};

/** The first moment of the tests. */
export const START_MS = Date.parse('2026-03-02T09:00:00Z');

type Kind =
  | 'requested'
  | 'attempt-opened'
  | 'call-progressed'
  | 'input-checked'
  | 'verdict-reached'
  | 'cancelled';
type DataOf<K extends Kind> = EventDataByType[`latchkey.verification.${K}.v1`];

let reportCount = 0;

/** A report stamped `atMs` after the start, under a new id. */
function report<K extends Kind>(kind: K, data: DataOf<K>, atMs: number): Report {
  reportCount += 1;
  const takenAtMs = START_MS + atMs;
  const time = new Date(takenAtMs).toISOString();
  const event = {
    eventId: `urn:example:ivr#${String(reportCount)}`,
    fingerprint: Buffer.alloc(32),
    source: 'urn:example:ivr',
    type: `latchkey.verification.${kind}.v1`,
    subject: data.verification,
    time,
    timeMs: takenAtMs,
    order: BigInt(takenAtMs) * 1_000_000n,
    traceparent: undefined,
    tracestate: undefined,
    data,
  } as VerificationEvent;
  return { event, takenAtMs };
}

const call = { session: 'call-1' };
const named = { verification: 'v', attempt: 'a', platform: 'twilio' };

export function requested(data: Partial<DataOf<'requested'>> = {}, atMs = 0): Report {
  return report('requested', { verification: 'v', purpose: 'callback', ...data }, atMs);
}

export function opened(data: Partial<DataOf<'attempt-opened'>> = {}, atMs = 0): Report {
  return report('attempt-opened', { ...named, call, channel: 'voice', ...data }, atMs);
}

export function progressed(data: Partial<DataOf<'call-progressed'>> = {}, atMs = 0): Report {
  return report('call-progressed', { ...named, call, status: 'ended', ...data }, atMs);
}

export function input(data: Partial<DataOf<'input-checked'>> = {}, atMs = 0): Report {
  const checked = { step: '1', factor: 'pin', result: 'match' } as const;
  return report('input-checked', { ...named, call, ...checked, ...data }, atMs);
}

export function verdict(data: Partial<DataOf<'verdict-reached'>> = {}, atMs = 0): Report {
  const reached = { verdict: 'verified', decidedBy: 'platform' } as const;
  return report('verdict-reached', { ...named, call, ...reached, ...data }, atMs);
}

export function withdrawn(data: Partial<DataOf<'cancelled'>> = {}, atMs = 0): Report {
  return report('cancelled', { verification: 'v', reason: 'not needed', ...data }, atMs);
}

/** Stores rows like the tables do, and refuses what their triggers refuse. */
export interface Store {
  /** Every published outcome: one entry for each `settled`. */
  readonly settled: VerificationSettledData[];
  /** A batch of one report. */
  process(report: Report): ReportOutcome;
  /** One batch. */
  processBatch(reports: readonly Report[]): readonly ReportOutcome[];
  sweep(
    verification: string,
    nowMs: number,
    readThroughMs?: number,
  ): VerificationChanges | undefined;
  verification(id?: string): VerificationState;
  attempt(attempt?: string, id?: string): AttemptState;
  attempts(id?: string): readonly AttemptState[];
  failures(subject: string, purpose: string): number;
}

export function openStore(policy: VerificationPolicy = POLICY): Store {
  const tables = new Tables();
  const settled: VerificationSettledData[] = [];
  const context = { policy, epoch: 0 };

  function save(
    locked: LockedVerifications,
    outcomes: readonly VerificationChanges[],
    changed: ChangedVerifications,
  ): void {
    refuseFinal(locked, outcomes);
    tables.save(changed);
    for (const outcome of outcomes) {
      if (outcome.settled !== undefined) settled.push(outcome.settled);
    }
  }

  function processBatch(reports: readonly Report[]): readonly ReportOutcome[] {
    const locked = tables.lock(reports);
    const { outcomes, changed } = foldReports(locked, reports, context);
    save(locked, outcomes, changed);
    return outcomes;
  }

  function process(report: Report): ReportOutcome {
    const [outcome] = processBatch([report]);
    if (outcome === undefined) throw new Error('a report has no outcome');
    return outcome;
  }

  function sweep(
    verificationId: string,
    nowMs: number,
    readThroughMs = nowMs,
  ): VerificationChanges | undefined {
    const locked = tables.lockDue(verificationId);
    const due = [{ verificationId, readThroughMs: START_MS + readThroughMs }];
    const { outcomes, changed } = foldDue(locked, due, START_MS + nowMs, context);
    const changes = outcomes.map((outcome) => outcome.changes);
    save(locked, changes, changed);
    return changes[0];
  }

  function verification(id = 'v'): VerificationState {
    const state = tables.verification(id);
    if (state === undefined) throw new Error(`no verification ${id}`);
    return state;
  }

  function attempt(name = 'a', id = 'v'): AttemptState {
    const state = tables.attempts(id).find((row) => row.attempt === name);
    if (state === undefined) throw new Error(`no attempt ${name}`);
    return state;
  }

  return {
    settled,
    process,
    processBatch,
    sweep,
    verification,
    attempt,
    attempts: (id = 'v') => tables.attempts(id),
    failures: (subject, purpose) => tables.failures({ subject, purpose })?.failures.length ?? 0,
  };
}

/** Rows as JSON: absent columns are null in the database and absent here. */
class Tables {
  readonly #verifications = new Map<string, string>();
  readonly #attempts = new Map<string, Map<string, string>>();
  readonly #failures = new Map<string, string>();

  lock(reports: readonly Report[]): LockedVerifications {
    const byId = Map.groupBy(reports, ({ event }) => event.data.verification);
    const keys = [...byId].flatMap(([id, group]) =>
      failureKeysOf(
        this.verification(id),
        group.map(({ event }) => event),
      ),
    );
    return this.#locked([...byId.keys()], keys);
  }

  lockDue(id: string): LockedVerifications {
    const state = this.verification(id);
    return this.#locked([id], state?.purpose === undefined ? [] : [failureKeyOfState(state)]);
  }

  save({ verifications, attempts, failures }: ChangedVerifications): void {
    for (const state of verifications) {
      this.#verifications.set(state.verificationId, toJson(state));
    }
    for (const state of attempts) {
      const rows = this.#attempts.get(state.verificationId) ?? new Map<string, string>();
      this.#attempts.set(state.verificationId, rows.set(state.attempt, toJson(state)));
    }
    for (const count of failures) this.#failures.set(failureCountId(count), toJson(count));
  }

  verification(id: string): VerificationState | undefined {
    const row = this.#verifications.get(id);
    return row === undefined ? undefined : (fromJson(row) as VerificationState);
  }

  attempts(id: string): readonly AttemptState[] {
    const rows = [...(this.#attempts.get(id)?.values() ?? [])];
    return rows.map((row) => fromJson(row) as AttemptState);
  }

  failures(key: FailureKey): FailureCount | undefined {
    const row = this.#failures.get(failureCountId(key));
    return row === undefined ? undefined : (fromJson(row) as FailureCount);
  }

  #locked(ids: readonly string[], keys: readonly FailureKey[]): LockedVerifications {
    const states = ids.flatMap((id) => this.verification(id) ?? []);
    const counts = keys.flatMap((key) => this.failures(key) ?? []);
    return {
      verifications: new Map(states.map((state) => [state.verificationId, state])),
      attempts: new Map(ids.map((id) => [id, this.attempts(id)])),
      failures: new Map(counts.map((count) => [failureCountId(count), count])),
    };
  }
}

function toJson(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) => member ?? null);
}

function fromJson(text: string): unknown {
  return JSON.parse(text, (_, value: unknown) => (value === null ? undefined : value));
}

/** A trigger refuses to change a final row, also one that became final within the batch. */
function refuseFinal(locked: LockedVerifications, outcomes: readonly VerificationChanges[]): void {
  const attempts = [...locked.attempts.values()].flat();
  const ended = new Set(attempts.filter(({ state }) => isEnded(state)).map(attemptName));
  const known = [...locked.verifications.values()].filter(({ state }) => state !== 'pending');
  const settled = new Set(known.map(({ verificationId }) => verificationId));
  for (const outcome of outcomes) {
    const { verification } = outcome;
    if (verification !== undefined && settled.has(verification.verificationId)) {
      throw new Error('a final verification was changed');
    }
    if (outcome.attempts.some((attempt) => ended.has(attemptName(attempt)))) {
      throw new Error('a final attempt was changed');
    }
    if (hasChanged(outcome) !== outcome.decisions.length > 0) {
      throw new Error('a change without a decision');
    }
    if (outcome.settled !== undefined) settled.add(outcome.settled.verification);
    for (const attempt of outcome.attempts) {
      if (isEnded(attempt.state)) ended.add(attemptName(attempt));
    }
  }
}

function hasChanged({ verification, attempts, failures }: VerificationChanges): boolean {
  return verification !== undefined || attempts.length > 0 || failures !== undefined;
}

function attemptName({ verificationId, attempt }: AttemptState): string {
  return `${verificationId} ${attempt}`;
}
