import { expect, test } from 'vitest';
import { DEFAULT_TOPIC_NAMES } from '../topics.ts';
import { EFFECT_SCHEMAS, EFFECT_TOPIC, type EffectDataByType, type EffectType } from './effect.ts';

const uuid = '67b1ca0a-537a-5172-9c07-f87d546fc0f0';
const at = '2026-12-01T08:00:00.000Z';

const valid: { readonly [T in EffectType]: EffectDataByType[T] } = {
  'latchkey.lifecycle.changed.v1': {
    identityId: uuid,
    lifecycle: 'active',
    previous: null,
    generation: 1,
    effectiveAt: at,
    causes: ['urn:example:hr#evt-1'],
  },
  'latchkey.access.desired.v1': {
    effect: uuid,
    identityId: uuid,
    target: 'mail',
    accountId: uuid,
    generation: 2 ** 53 - 1,
    account: { state: 'enabled', userName: 'E1', attributes: { department: 'Finance' } },
    entitlements: [{ name: 'mailbox', reasons: [{ rule: 'mail', hash: 'abc' }, { held: uuid }] }],
    changes: [{ kind: 'grant', entitlement: 'mailbox', reason: 'birthright' }],
    causes: [],
  },
  'latchkey.verification.settled.v1': {
    verification: 'V1',
    purpose: 'callback',
    outcome: 'expired',
    decidedAt: at,
    validUntil: null,
    generation: 1,
  },
  'latchkey.review.opened.v1': { review: uuid, subject: 'E1', owner: 'hr-operations', dueAt: at },
  'latchkey.review.resolved.v1': {
    version: 2,
    kind: 'leaver_unknown',
    resolution: 'became_known',
    review: uuid,
    subject: 'E1',
    owner: 'hr-operations',
    dueAt: at,
  },
  'latchkey.delivery.dead-lettered.v1': {
    deadLetter: uuid,
    code: 'NOT_JSON',
    topic: 'latchkey.workforce-events.v1',
    partition: 0,
    offset: 7,
    attempts: 1,
    at,
  },
};

const broken: readonly (readonly [EffectType, object])[] = [
  ['latchkey.lifecycle.changed.v1', { generation: 0 }],
  ['latchkey.lifecycle.changed.v1', { lifecycle: 'gone' }],
  ['latchkey.access.desired.v1', { generation: 2 ** 53 }],
  ['latchkey.access.desired.v1', { entitlements: [{ name: 'mailbox', reasons: [] }] }],
  ['latchkey.access.desired.v1', { changes: [] }],
  ['latchkey.access.desired.v1', { accountId: 'E1' }],
  ['latchkey.verification.settled.v1', { validUntil: undefined }],
  ['latchkey.review.opened.v1', { dueAt: 'tomorrow' }],
  ['latchkey.delivery.dead-lettered.v1', { code: 'OTHER' }],
];

test.each(Object.entries(valid))('%s keeps its contract', (type, data) => {
  expect(EFFECT_SCHEMAS[type as EffectType].safeParse(data)).toMatchObject({ success: true });
});

test.each(['birthright', 'mover', 'leaver', 'block', 'release', 'correction', 'clock'])(
  'access changes for the reason %s',
  (reason) => {
    const changes = [{ kind: 'grant', entitlement: 'mailbox', reason }];
    const effect = { ...valid['latchkey.access.desired.v1'], changes };
    expect(EFFECT_SCHEMAS['latchkey.access.desired.v1'].safeParse(effect).success).toBe(true);
  },
);

test.each(broken)('%s with %j breaks it', (type, changes) => {
  expect(EFFECT_SCHEMAS[type].safeParse({ ...valid[type], ...changes }).success).toBe(false);
});

test('the longest attributes of a refused delivery fit into its dead letter', () => {
  const type = '😀'.repeat(256);
  const eventId = `${'s'.repeat(256)}#${type}`;
  const data = { ...valid['latchkey.delivery.dead-lettered.v1'], type, eventId };

  expect(EFFECT_SCHEMAS['latchkey.delivery.dead-lettered.v1'].safeParse(data).success).toBe(true);
});

test('every effect has a topic that we write', () => {
  const outputs = ['lifecycle', 'access', 'verifications', 'reviews', 'dead-letters'];

  // A review that is opened and one that is resolved go to the same topic.
  expect([...new Set(Object.values(EFFECT_TOPIC))]).toEqual(outputs);
  expect(Object.keys(DEFAULT_TOPIC_NAMES)).toEqual(expect.arrayContaining(outputs));
});
