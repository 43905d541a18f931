import { expect, test } from 'vitest';
import { type AuditDecision, auditDecision, auditEntry } from './audit-entry.ts';
import { textHash } from './text-hash.ts';

const uuid = '67b1ca0a-537a-5172-9c07-f87d546fc0f0';
const at = '2026-12-01T08:00:00.000Z';
const eventId = 'urn:example:hr#evt-1';
const reasonHash = textHash(uuid, 'end of contract');

const access = {
  owner: 'it-operations',
  target: 'mail',
  accountId: uuid,
  reason: 'leaver',
  causes: [eventId],
} as const;
const ofEntitlement = {
  ...access,
  entitlement: 'mailbox',
  rules: [{ rule: 'mail', hash: 'abc' }],
} as const;

type Kind = AuditDecision['kind'];

/** The fewest and the most members that each kind may have. */
const valid: {
  readonly [K in Kind]: readonly (AuditDecision & { readonly kind: K })[];
} = {
  fact: [
    { kind: 'fact', fact: 'joined', disposition: 'applied' },
    { kind: 'fact', fact: 'left', disposition: 'stale', reasonHash },
  ],
  undecided: [{ kind: 'undecided', cause: 'deciding failed with TypeError' }],
  lifecycle: [
    { kind: 'lifecycle', owner: 'hr', from: null, to: 'active', effectiveAt: at, causes: [] },
    {
      kind: 'lifecycle',
      owner: 'hr',
      from: 'active',
      to: 'leaving',
      effectiveAt: at,
      causes: [eventId],
    },
  ],
  create: [{ kind: 'create', ...access }],
  enable: [{ kind: 'enable', ...access }],
  disable: [{ kind: 'disable', ...access }],
  delete: [{ kind: 'delete', ...access }],
  update: [
    { kind: 'update', ...access },
    { kind: 'update', ...ofEntitlement },
  ],
  grant: [{ kind: 'grant', ...ofEntitlement }],
  revoke: [{ kind: 'revoke', ...ofEntitlement }],
  report: [
    { kind: 'report', disposition: 'accepted' },
    { kind: 'report', disposition: 'contradictory', reasonHash },
  ],
  requested: [{ kind: 'requested', purpose: 'callback' }],
  attempt_opened: [{ kind: 'attempt_opened', attempt: 'A1' }],
  call_bound: [{ kind: 'call_bound', attempt: 'A1' }],
  call_progressed: [{ kind: 'call_progressed', attempt: 'A1', status: 'ringing' }],
  legs_exceeded: [{ kind: 'legs_exceeded', attempt: 'A1' }],
  step_taken: [{ kind: 'step_taken', attempt: 'A1', step: 'S1', result: 'mismatch' }],
  factors_claimed: [{ kind: 'factors_claimed', attempt: 'A1', factors: ['pin'] }],
  fact_parked: [
    { kind: 'fact_parked', eventId },
    { kind: 'fact_parked', attempt: 'A1', eventId },
  ],
  parked_fact_taken: [
    { kind: 'parked_fact_taken', attempt: 'A1', eventId, disposition: 'accepted' },
  ],
  parked_fact_dropped: [{ kind: 'parked_fact_dropped', eventId, disposition: 'unknown_attempt' }],
  deadline_moved: [{ kind: 'deadline_moved' }, { kind: 'deadline_moved', deadlineMs: 1 }],
  telemetry_dropped: [{ kind: 'telemetry_dropped', attempt: 'A1' }],
  failure_counted: [{ kind: 'failure_counted', attempt: 'A1', count: 1, limit: 3 }],
  failures_cleared: [{ kind: 'failures_cleared', count: 2 }],
  attempt_ended: [
    { kind: 'attempt_ended', attempt: 'A1', from: 'open', to: 'hung_up', reason: 'call_ended' },
  ],
  verification_settled: [
    { kind: 'verification_settled', outcome: 'expired', reason: 'deadline' },
    { kind: 'verification_settled', outcome: 'verified', attempt: 'A1', reason: 'verdict' },
  ],
  redrive: [{ kind: 'redrive', disposition: 'dead_letter' }],
  progress_accepted: [
    {
      kind: 'progress_accepted',
      finding: 'f1',
      found: 'LOG_DIFFERS',
      position: '0',
      nextOffset: '7',
    },
    {
      kind: 'progress_accepted',
      finding: 'f1',
      found: null,
      position: '0',
      nextOffset: '7',
      giveUpBefore: '9',
    },
  ],
  work_retried: [{ kind: 'work_retried', work: 'clock' }],
  stated_again: [
    {
      kind: 'stated_again',
      type: 'latchkey.access.desired.v1',
      object: uuid,
      epoch: 1,
      generation: '1099511627777',
    },
  ],
  epoch_raised: [{ kind: 'epoch_raised', from: 0, to: 1 }],
  rebased: [
    {
      kind: 'rebased',
      common: '3',
      published: '5',
      partition: 0,
      dropped: 0,
      renumbered: 2,
      accounts: 1,
      unknownAccounts: 0,
      reviews: 0,
    },
  ],
  repartitioned: [{ kind: 'repartitioned', partitions: 6, moved: 12 }],
  replay_begun: [{ kind: 'replay_begun', partition: 0, from: '1' }],
  replayed: [{ kind: 'replayed', partition: 0, from: '1' }],
};

const entry = {
  decidedAt: at,
  subjectKind: 'identity',
  subjectId: uuid,
  trigger: 'event',
  decider: 'policy:abc',
  owner: 'hr',
  decisions: [{ kind: 'fact', fact: 'joined', disposition: 'applied' }],
} as const;

test.each(Object.entries(valid))('a decision of kind %s fulfils the contract', (_, decisions) => {
  for (const decision of decisions) {
    expect(auditDecision.parse(decision)).toEqual(decision);
  }
});

test.each([
  { kind: 'other' },
  { kind: 'fact', fact: 'left', disposition: 'applied', reasonHash: 'end of contract' },
  { kind: 'grant', ...access, reason: 'manager said so' },
  { kind: 'undecided', cause: '' },
])('%j breaks the contract', (decision) => {
  expect(auditDecision.safeParse(decision).success).toBe(false);
});

test.each([
  {},
  { trigger: 'clock', decisions: [] },
  { origin: 'kafka', eventId },
  { trigger: 'operator', origin: 'operator', decider: 'operator:grace' },
])('an entry with %j fulfils the contract', (changes) => {
  expect(auditEntry.safeParse({ ...entry, ...changes })).toMatchObject({ success: true });
});

test.each([
  { decidedAt: 'yesterday' },
  { subjectKind: 'person' },
  { origin: 'clock' },
  { decider: 'grace' },
  { owner: '' },
  { decisions: [{ kind: 'other' }] },
])('an entry with %j breaks the contract', (changes) => {
  expect(auditEntry.safeParse({ ...entry, ...changes }).success).toBe(false);
});

test('the hash of a text depends on the subject', () => {
  expect(textHash('a', 'b')).toBe(
    // printf 'a\0b' | sha256sum
    '59b271ae1bbcb1d31d41929817f4b16fb439eb4f31520b5ad1d5ce98920a7138',
  );
  expect(textHash('a', 'b')).not.toBe(textHash('b', 'b'));
  expect(textHash('a', 'b')).not.toBe(textHash('ab', ''));
});
