import {
  type EventDataByType,
  type VerificationEvent,
  type VerificationSettledData,
} from '@latchkey/contracts';
import { type AttemptState, isEnded } from './attempt.ts';
import { type FailureCount } from './counted-failure.ts';
import { type VerificationChanges, worldAfter } from './draft.ts';
import { failureKeyOf } from './failure-count.ts';
import { type VerificationPolicy } from './policy.ts';
import { sweepVerification } from './sweep.ts';
import { type Report, type Taken, takeReport } from './take-report.ts';
import { type VerificationState, type VerificationWorld } from './verification.ts';

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

/** When the stories begin. */
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

/** A report taken `atMs` after the start, under an id of its own. */
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

/** Keeps what the tables keep, as the tables keep it, and refuses what their triggers refuse. */
export interface Desk {
  /** Everything that left: one entry for each `settled`. */
  readonly settled: VerificationSettledData[];
  take(report: Report): Taken;
  takeAll(reports: readonly Report[]): Taken[];
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

export function openDesk(policy: VerificationPolicy = POLICY): Desk {
  const worlds = new Map<string, string>();
  const counters = new Map<string, FailureCount>();
  const settled: VerificationSettledData[] = [];
  const counterName = (subject: string, purpose: string): string => `${subject} ${purpose}`;

  function load(id: string): VerificationWorld {
    const text = worlds.get(id);
    if (text === undefined) {
      return { verification: undefined, attempts: [], failures: undefined, epoch: 0 };
    }
    return JSON.parse(text, (_, value: unknown) =>
      value === null ? undefined : value,
    ) as VerificationWorld;
  }

  function save(id: string, world: VerificationWorld, changes: VerificationChanges): void {
    refuseFinal(world, changes);
    const after = worldAfter(world, changes);
    worlds.set(id, toJson({ ...after, failures: undefined }));
    const { failures } = changes;
    if (failures !== undefined)
      counters.set(counterName(failures.subject, failures.purpose), failures);
    if (changes.settled !== undefined) settled.push(changes.settled);
  }

  function take(told: Report): Taken {
    const id = told.event.data.verification;
    const world = load(id);
    const key = failureKeyOf(world.verification, told.event);
    const failures = key && counters.get(counterName(key.subject, key.purpose));
    const taken = takeReport({ ...world, failures }, told, policy);
    save(id, world, taken);
    return taken;
  }

  function verification(id = 'v'): VerificationState {
    const state = load(id).verification;
    if (state === undefined) throw new Error(`no verification ${id}`);
    return state;
  }

  function attempt(name = 'a', id = 'v'): AttemptState {
    const state = load(id).attempts.find((row) => row.attempt === name);
    if (state === undefined) throw new Error(`no attempt ${name}`);
    return state;
  }

  return {
    settled,
    take,
    takeAll: (reports) => reports.map(take),
    sweep(id, nowMs, readThroughMs = nowMs) {
      const world = load(id);
      const clock = { nowMs: START_MS + nowMs, readThroughMs: START_MS + readThroughMs };
      const changes = sweepVerification(world, clock, policy);
      if (changes !== undefined) save(id, world, changes);
      return changes;
    },
    verification,
    attempt,
    attempts: (id = 'v') => load(id).attempts,
    failures: (subject, purpose) =>
      counters.get(counterName(subject, purpose))?.failures.length ?? 0,
  };
}

/** Absent columns are null in the database and absent here. */
function toJson(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) => member ?? null);
}

function refuseFinal(world: VerificationWorld, changes: VerificationChanges): void {
  const { verification, attempts } = world;
  if (changes.verification !== undefined && verification !== undefined) {
    if (verification.state !== 'pending') throw new Error('a final verification was changed');
  }
  for (const changed of changes.attempts) {
    const before = attempts.find(({ attempt }) => attempt === changed.attempt);
    if (before !== undefined && isEnded(before.state))
      throw new Error('a final attempt was changed');
  }
  const hasChanged =
    changes.verification !== undefined ||
    changes.attempts.length > 0 ||
    changes.failures !== undefined;
  if (hasChanged !== changes.decisions.length > 0) throw new Error('a change without a decision');
}
