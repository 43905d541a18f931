import { IVR, type SentEvent } from '../../support/events.ts';
import type { Random } from './random.ts';

type Report = readonly [kind: string, data: object];

const EXPIRES_AT = '2090-01-01T00:00:00Z';
const BEGINNING_MS = Date.parse('2024-02-01T00:00:00Z');
const SECOND_MS = 1_000;

const opened = (attempt: string): Report => [
  'attempt-opened',
  { ...by(attempt), channel: 'voice' },
];
const ringing = (attempt: string): Report => [
  'call-progressed',
  { ...by(attempt), status: 'ringing' },
];
const answered = (attempt: string): Report => [
  'call-progressed',
  { ...by(attempt), status: 'answered', answeredBy: 'human' },
];
const ended = (attempt: string): Report => [
  'call-progressed',
  { ...by(attempt), status: 'ended', endReason: 'completed' },
];
/** Telemetry of one leg of a call. */
const leg = (attempt: string, name: string, more: object): Report => [
  'call-progressed',
  { ...by(attempt), call: { session: `S-${attempt}`, leg: name }, ...more },
];
const input = (attempt: string, step: string, factor: string, result: string): Report => [
  'input-checked',
  { ...by(attempt), step, factor, result },
];
const verdict = (attempt: string, is: string, more: object = {}): Report => [
  'verdict-reached',
  { ...by(attempt), verdict: is, decidedBy: 'bridge', ...more },
];
const requested = (purpose: string, more: object = {}): Report => [
  'requested',
  { purpose, expiresAt: EXPIRES_AT, ...more },
];

function by(attempt: string): object {
  return { attempt, platform: 'acme-voice', call: { session: `S-${attempt}` } };
}

/** Each has at most one possible end in any order, without a deadline. */
const SCRIPTS: readonly (readonly Report[])[] = [
  [
    requested('callback'),
    opened('A1'),
    ringing('A1'),
    answered('A1'),
    verdict('A1', 'verified', { method: 'voiceprint', score: 0.95 }),
    ended('A1'),
  ],
  [requested('callback'), opened('A1'), ringing('A1'), opened('A2'), verdict('A2', 'verified')],
  [requested('callback'), opened('A1'), verdict('A1', 'verified', { score: 0.5 })],
  [requested('callback'), opened('A1'), verdict('A1', 'rejected')],
  [requested('callback', { maxAttempts: 1 }), opened('A1'), verdict('A1', 'rejected'), ended('A1')],
  [requested('callback'), opened('A1'), verdict('A1', 'max_attempts')],
  [requested('callback'), opened('A1'), verdict('A1', 'expired')],
  [requested('callback'), opened('A1'), verdict('A1', 'inconclusive')],
  [requested('callback'), opened('A1'), verdict('A1', 'cancelled')],
  [
    requested('helpdesk-reset'),
    opened('A1'),
    answered('A1'),
    input('A1', '1', 'pin', 'mismatch'),
    input('A1', '2', 'pin', 'match'),
  ],
  [
    requested('helpdesk-reset'),
    opened('A1'),
    input('A1', '1', 'pin', 'no_input'),
    input('A1', '2', 'pin', 'mismatch'),
  ],
  [
    requested('helpdesk-reset'),
    opened('A1'),
    ...['1', '2', '3'].map((step) => input('A1', step, 'pin', 'mismatch')),
  ],
  [
    requested('helpdesk-reset', { maxFailures: 1 }),
    opened('A1'),
    input('A1', '1', 'pin', 'mismatch'),
  ],
  [
    requested('transfer-approval'),
    opened('A1'),
    input('A1', '1', 'pin', 'match'),
    input('A1', '2', 'voice', 'match'),
  ],
  [
    requested('transfer-approval'),
    opened('A1'),
    input('A1', '1', 'pin', 'match'),
    input('A1', '2', 'voice', 'no_input'),
  ],
  [
    requested('transfer-approval'),
    opened('A1'),
    verdict('A1', 'verified', { method: 'pin' }),
    input('A1', '1', 'voice', 'match'),
  ],
  [requested('transfer-approval'), opened('A1'), verdict('A1', 'verified')],
  [
    requested('helpdesk-reset'),
    opened('A1'),
    leg('A1', 'desk', { status: 'ringing' }),
    leg('A1', 'mobile', { status: 'ringing' }),
    leg('A1', 'desk', { status: 'ended', endReason: 'canceled' }),
    leg('A1', 'mobile', { status: 'answered' }),
    input('A1', '1', 'pin', 'match'),
  ],
  [requested('transfer-approval'), opened('A1'), ['cancelled', { reason: 'asked twice' }]],
];

/** Generates all reports about one verification, in order of occurrence. */
export function generateVerificationHistory(
  random: Random,
  verification: string,
  endedCalls: boolean,
): readonly SentEvent[] {
  const script = random.pick(SCRIPTS);
  const reports = endedCalls
    ? script
    : script.filter(([, data]) => !('status' in data && data.status === 'ended'));
  const about = random.chance(0.5) ? { source: IVR, externalId: `P-${verification}` } : undefined;
  return reports.map(([kind, data], index) => ({
    specversion: '1.0',
    id: `${verification}-${index + 1}`,
    source: IVR,
    type: `latchkey.verification.${kind}.v1`,
    subject: verification,
    time: new Date(BEGINNING_MS + index * SECOND_MS).toISOString(),
    data: {
      verification,
      ...data,
      ...(kind === 'requested' && about !== undefined ? { person: about } : {}),
    },
  }));
}
