import { expect, test } from 'vitest';
import { exampleSources, structured } from '../example-deliveries.ts';
import { readDelivery } from '../read-delivery.ts';
import { EVENT_SCHEMAS, type EventDataByType, type EventType, isEventType } from './event.ts';
import { topicOf } from './family.ts';

const at = '2026-12-01T08:00:00Z';
const day = { date: '2026-12-01', zone: 'Europe/Berlin' };
const report = { verification: 'V1', attempt: 'A1', platform: 'acme-voice' };
const call = { session: 'S1', leg: 'L1' };
const person = { source: 'urn:example:ivr', externalId: 'E1' };

/** The least and the most that each type may carry. */
const valid: { readonly [T in EventType]: readonly EventDataByType[T][] } = {
  'latchkey.workforce.joined.v1': [
    { engagement: 'E1-1', startsAt: day, attributes: {} },
    {
      engagement: 'E1-1',
      startsAt: at,
      endsAt: day,
      attributes: { 'cost.centre-1': 'x', _a: null, b: 1.5, 'urn:x': false },
    },
  ],
  'latchkey.workforce.moved.v1': [
    { engagement: 'E1-1', effectiveAt: at, attributes: { department: 'Finance' } },
    { engagement: 'E1-1', fact: 'row-7', effectiveAt: day, attributes: {} },
  ],
  'latchkey.workforce.left.v1': [
    { engagement: 'E1-1', endsAt: day },
    { engagement: 'E1-1', endsAt: at, accessEndsAt: day, immediate: true, reason: 'redundancy' },
  ],
  'latchkey.workforce.suspended.v1': [
    { engagement: 'E1-1', effectiveAt: at },
    { engagement: 'E1-1', effectiveAt: day, reason: 'leave' },
  ],
  'latchkey.workforce.resumed.v1': [{ engagement: 'E1-1', effectiveAt: at }],
  'latchkey.workforce.rescinded.v1': [
    { engagement: 'E1-1', rescinds: 'start' },
    { engagement: 'E1-1', rescinds: 'end' },
    { engagement: 'E1-1', rescinds: { fact: 'row-7' } },
    { engagement: 'E1-1', rescinds: { kind: 'moved', effectiveAt: day } },
    { engagement: 'E1-1', rescinds: { kind: 'suspended', effectiveAt: at } },
    { engagement: 'E1-1', rescinds: { kind: 'resumed', effectiveAt: at } },
  ],
  'latchkey.workforce.stated.v1': [
    { engagement: 'E1-1', startsAt: at, timeline: [] },
    {
      engagement: 'E1-1',
      startsAt: at,
      endsAt: day,
      timeline: Array.from({ length: 1000 }, () => ({ from: day, attributes: {} })),
    },
  ],
  'latchkey.person.blocked.v1': [{ reason: 'lost laptop' }, { reason: 'x', incident: 'INC-1' }],
  'latchkey.person.released.v1': [{ reason: 'found again' }],
  'latchkey.verification.requested.v1': [
    { verification: 'V1', purpose: 'callback' },
    {
      verification: 'V1',
      person,
      purpose: 'callback',
      expiresAt: at,
      maxAttempts: 1,
      maxFailures: 3,
    },
  ],
  'latchkey.verification.attempt-opened.v1': [
    { ...report, channel: 'app' },
    { ...report, call: { session: 'S1' }, channel: 'voice' },
  ],
  'latchkey.verification.call-progressed.v1': [
    { ...report, call, status: 'ringing' },
    { ...report, call, status: 'answered', answeredBy: 'human', sequence: 0 },
    { ...report, call, status: 'ended', endReason: 'no_answer' },
  ],
  'latchkey.verification.input-checked.v1': [
    { ...report, call, step: '1', result: 'no_input' },
    { ...report, call, step: '1', factor: 'pin', result: 'match' },
  ],
  'latchkey.verification.verdict-reached.v1': [
    { ...report, verdict: 'inconclusive', decidedBy: 'bridge' },
    { ...report, call, verdict: 'verified', method: 'voiceprint', score: 0.97, decidedBy: 'acme' },
  ],
  'latchkey.verification.cancelled.v1': [{ verification: 'V1', reason: 'asked twice' }],
};

/** Data that differs from the first valid one of its type in these members, and the member that is wrong. */
const broken: readonly (readonly [EventType, object, string])[] = [
  ['latchkey.workforce.joined.v1', { startsAt: undefined }, 'startsAt'],
  ['latchkey.workforce.joined.v1', { startsAt: { date: '2026-12-01' } }, 'startsAt'],
  ['latchkey.workforce.joined.v1', { attributes: undefined }, 'attributes'],
  ['latchkey.workforce.moved.v1', { effectiveAt: 'soon' }, 'effectiveAt'],
  ['latchkey.workforce.moved.v1', { fact: '' }, 'fact'],
  ['latchkey.workforce.left.v1', { endsAt: undefined }, 'endsAt'],
  ['latchkey.workforce.left.v1', { accessEndsAt: 'later' }, 'accessEndsAt'],
  ['latchkey.workforce.left.v1', { immediate: 'yes' }, 'immediate'],
  ['latchkey.workforce.left.v1', { reason: 'x'.repeat(1025) }, 'reason'],
  ['latchkey.workforce.suspended.v1', { effectiveAt: undefined }, 'effectiveAt'],
  ['latchkey.workforce.resumed.v1', { engagement: '' }, 'engagement'],
  ['latchkey.workforce.rescinded.v1', { rescinds: 'everything' }, 'rescinds'],
  ['latchkey.workforce.rescinded.v1', { rescinds: {} }, 'rescinds'],
  ['latchkey.workforce.rescinded.v1', { rescinds: { fact: 7 } }, 'rescinds'],
  ['latchkey.workforce.rescinded.v1', { rescinds: { kind: 'left', effectiveAt: at } }, 'rescinds'],
  ['latchkey.workforce.rescinded.v1', { rescinds: { kind: 'moved' } }, 'rescinds'],
  [
    'latchkey.workforce.rescinded.v1',
    { rescinds: { fact: 'x', kind: 'moved', effectiveAt: at } },
    'rescinds',
  ],
  ['latchkey.workforce.stated.v1', { timeline: undefined }, 'timeline'],
  [
    'latchkey.workforce.stated.v1',
    { timeline: Array.from({ length: 1001 }, () => ({ from: at, attributes: {} })) },
    'timeline',
  ],
  [
    'latchkey.workforce.stated.v1',
    {
      timeline: [
        { from: at, attributes: {} },
        { from: 'x', attributes: {} },
      ],
    },
    'timeline.1.from',
  ],
  [
    'latchkey.workforce.stated.v1',
    { timeline: [{ from: at, attributes: { a: [] } }] },
    'timeline.0.attributes.a',
  ],
  ['latchkey.workforce.stated.v1', { timeline: ['x'] }, 'timeline.0'],
  ['latchkey.person.blocked.v1', { reason: undefined }, 'reason'],
  ['latchkey.person.blocked.v1', { person: 'E1' }, 'person'],
  ['latchkey.person.released.v1', { incident: 'a\tb' }, 'incident'],
  ['latchkey.verification.requested.v1', { purpose: undefined }, 'purpose'],
  ['latchkey.verification.requested.v1', { expiresAt: day }, 'expiresAt'],
  ['latchkey.verification.requested.v1', { maxAttempts: 0 }, 'maxAttempts'],
  ['latchkey.verification.requested.v1', { maxFailures: 1.5 }, 'maxFailures'],
  ['latchkey.verification.requested.v1', { maxFailures: 1001 }, 'maxFailures'],
  ['latchkey.verification.requested.v1', { person: { source: 'x' } }, 'person.externalId'],
  ['latchkey.verification.attempt-opened.v1', { channel: 'fax' }, 'channel'],
  ['latchkey.verification.attempt-opened.v1', { call: {} }, 'call.session'],
  ['latchkey.verification.attempt-opened.v1', { platform: undefined }, 'platform'],
  ['latchkey.verification.call-progressed.v1', { call: undefined }, 'call'],
  ['latchkey.verification.call-progressed.v1', { status: 'completed' }, 'status'],
  ['latchkey.verification.call-progressed.v1', { sequence: -1 }, 'sequence'],
  ['latchkey.verification.call-progressed.v1', { endReason: 'no-answer' }, 'endReason'],
  ['latchkey.verification.call-progressed.v1', { answeredBy: 'fax' }, 'answeredBy'],
  ['latchkey.verification.input-checked.v1', { step: undefined }, 'step'],
  ['latchkey.verification.input-checked.v1', { result: true }, 'result'],
  ['latchkey.verification.verdict-reached.v1', { verdict: 'completed' }, 'verdict'],
  ['latchkey.verification.verdict-reached.v1', { score: -0.1 }, 'score'],
  ['latchkey.verification.verdict-reached.v1', { score: '0.9' }, 'score'],
  ['latchkey.verification.verdict-reached.v1', { decidedBy: undefined }, 'decidedBy'],
  ['latchkey.verification.cancelled.v1', { reason: '' }, 'reason'],
];

function read(type: EventType, data: unknown) {
  const isVerification = topicOf(type) === 'verification-events';
  const event = {
    specversion: '1.0',
    id: 'evt-1',
    source: isVerification ? 'urn:example:ivr' : 'urn:example:hr',
    type,
    subject: isVerification ? 'V1' : 'E1',
    time: at,
    sourceversion: '1',
    data,
  };
  return readDelivery(structured(event), topicOf(type), exampleSources);
}

const examples = Object.entries(valid).flatMap(([type, all]) =>
  all.map((data, index) => [type as EventType, index + 1, data] as const),
);

test.each(examples)('%s is read (%d)', (type, _index, data) => {
  expect(read(type, data)).toMatchObject({ kind: 'event', event: { type, data } });
});

test.each(broken)('%s with %j is refused at that field', (type, changes, field) => {
  const result = read(type, { ...valid[type][0], ...changes });

  expect(result).toMatchObject({
    rejection: { code: 'CONTRACT_BROKEN', field: `data.${field}` },
    claim: { eventId: expect.stringMatching(/#evt-1$/) as string },
  });
});

test('every type has a contract and an example', () => {
  expect(Object.keys(valid)).toEqual(Object.keys(EVENT_SCHEMAS));
  expect(Object.keys(valid).every(isEventType)).toBe(true);
  expect(['', 'toString', 'constructor', '__proto__'].some(isEventType)).toBe(false);
});
