import type { OutputTopic } from '@latchkey/contracts';
import { HR, IVR, type SentEvent, structured } from '../../support/events.ts';
import type { OutputMessage } from '../../support/output-reader.ts';
import { factEvent } from '../workload/facts.ts';
import { digestOf, uuidOf } from './canonical.ts';
import type { Evidence } from './evidence.ts';
import { createLedger } from './ledger.ts';
import type { Observations } from './observations.ts';

const PERSON = { source: HR, externalId: 'p1' } as const;
const NONE = 99;
const JOINED = factEvent(PERSON, 1, {
  kind: 'joined',
  engagement: 0,
  at: 0,
  until: NONE,
  detail: 0,
});
const MOVED = factEvent(PERSON, 2, { kind: 'moved', engagement: 0, at: 1, until: NONE, detail: 3 });
const ATTRIBUTES = {
  givenName: 'Ada',
  location: 'Berlin',
  employmentType: 'employee',
  department: 'Legal',
  jobTitle: 'Controller',
};
const IDENTITY = uuidOf('identity', HR, 'p1');
export const ACCOUNTS = ['directory', 'mail'].map((target) => ({
  target,
  accountId: uuidOf('account', IDENTITY, target),
  entitlement: target === 'mail' ? 'mailbox' : 'everyone',
}));
const REPORT_DATA: readonly (readonly [kind: string, data: object])[] = [
  ['requested', { purpose: 'callback' }],
  ['attempt-opened', { attempt: 'A1', platform: 'acme', channel: 'voice' }],
  ['verdict-reached', { attempt: 'A1', platform: 'acme', verdict: 'verified', decidedBy: 'acme' }],
];
const REPORTS = REPORT_DATA.map(
  ([kind, data], index): SentEvent => ({
    specversion: '1.0',
    id: `v1-${index}`,
    source: IVR,
    type: `latchkey.verification.${kind}.v1`,
    subject: 'v1',
    time: '2024-02-01T00:00:00Z',
    data: { verification: 'v1', ...data },
  }),
);
const BROKEN = { ...JOINED, id: 'broken', data: {} };
const NOT_JSON = { ...structured(JOINED), value: '{' };
const CONFLICT = { ...JOINED, data: { ...(JOINED.data as object), note: 'other content' } };

/** A small consistent world: one person, one verification, a duplicate, a conflict, poison. */
export function soundWorld(): Observations {
  const ledger = createLedger();
  const events = [JOINED, JOINED, CONFLICT, MOVED, ...REPORTS, BROKEN];
  ledger.sent([...events.map(structured), NOT_JSON]);
  const messages = soundMessages();
  const evidence = {
    ...soundInputs(),
    ...soundState(),
    outbox: outboxOf(messages),
    dueWork: [],
    abandoned: [],
  };
  return { ledger, evidence, messages, nowMs: Date.parse('2026-01-01T00:00:00Z') };
}

/** The outbox of exactly these messages. */
export function outboxOf(messages: readonly OutputMessage[]): Evidence['outbox'] {
  return messages.map(({ topic, partition, position, id, key, data, generation }) => ({
    topic,
    partition,
    position: position.toString(),
    ceId: id,
    key,
    payload: JSON.stringify(data),
    generation: generation.toString(),
  }));
}

/** A message with its derived id. */
export function messageOf(
  topic: OutputTopic,
  position: number,
  object: string,
  generation: number,
  data: Readonly<Record<string, unknown>>,
): OutputMessage {
  const type = TYPES[topic];
  return {
    topic,
    partition: 0,
    offset: BigInt(position),
    key: topic === 'access' ? IDENTITY : object,
    headers: {},
    id: uuidOf(type, object, String(generation)),
    type,
    position: BigInt(position),
    generation: BigInt(generation),
    data,
  };
}

const TYPES: Readonly<Record<OutputTopic, string>> = {
  lifecycle: 'latchkey.lifecycle.changed.v1',
  access: 'latchkey.access.desired.v1',
  verifications: 'latchkey.verification.settled.v1',
  reviews: 'latchkey.review.opened.v1',
  'dead-letters': 'latchkey.delivery.dead-lettered.v1',
};

function soundMessages(): readonly OutputMessage[] {
  const access = [1, 2].flatMap((generation) =>
    ACCOUNTS.map(({ target, accountId, entitlement }, at) =>
      messageOf('access', generation * 2 - 1 + at, accountId, generation, {
        identityId: IDENTITY,
        target,
        accountId,
        generation,
        account: { state: 'enabled', userName: 'p1', attributes: ATTRIBUTES },
        entitlements: [{ name: entitlement, reasons: [{ rule: 'r', hash: 'h' }] }],
        changes: [],
      }),
    ),
  );
  return [
    messageOf('lifecycle', 1, IDENTITY, 1, { lifecycle: 'active', previous: null, generation: 1 }),
    ...access,
    messageOf('verifications', 1, 'v1', 1, { outcome: 'verified', generation: 1 }),
    messageOf('dead-letters', 1, uuidOf('dead letter', '1'), 1, { code: 'CONTRACT_BROKEN' }),
    messageOf('dead-letters', 2, uuidOf('dead letter', '2'), 1, { code: 'NOT_JSON' }),
  ];
}

function soundInputs(): Pick<
  Evidence,
  'inbox' | 'progress' | 'deadLetters' | 'facts' | 'callbacks' | 'audit' | 'auditOrder'
> {
  const idOf = ({ source, id }: SentEvent): string => `${source}#${id}`;
  const valid = [JOINED, MOVED, ...REPORTS];
  const storedRow = (event: SentEvent) => ({
    eventId: idOf(event),
    data: JSON.stringify(event.data),
  });
  const changes = ACCOUNTS.map(({ accountId }) => ({ kind: 'update', accountId }));
  const decisions = [
    [{ kind: 'lifecycle', from: null, to: 'active' }, ...changes],
    changes,
    [{ kind: 'requested' }],
    [{ kind: 'attempt_opened' }],
    [{ kind: 'verification_settled' }],
  ];
  return {
    inbox: [
      ...valid.map((event) => ({ eventId: idOf(event), disposition: 'applied' })),
      { eventId: idOf(BROKEN), disposition: 'dead_letter' },
    ],
    progress: [{ received: 9, applied: 5, stale: 0, duplicate: 1, conflict: 1, deadLetter: 2 }],
    deadLetters: [
      { code: 'CONTRACT_BROKEN', eventId: idOf(BROKEN), digest: '' },
      { code: 'NOT_JSON', eventId: '', digest: digestOf('{') },
    ],
    facts: [JOINED, MOVED].map((event) => ({ ...storedRow(event), identityId: IDENTITY })),
    callbacks: REPORTS.map((event, at) => ({
      ...storedRow(event),
      verification: 'v1',
      attempt: at === 0 ? null : 'A1',
      finalState: ['pending', 'open', 'verified'][at] ?? null,
    })),
    audit: valid.map((event, at) => ({
      subjectId: event.subject === 'v1' ? 'v1' : IDENTITY,
      eventId: idOf(event),
      decidedAt: String(at),
      decisions: JSON.stringify(decisions[at]),
    })),
    // The second entry was committed last.
    auditOrder: [1, 5, 2, 3, 4].map((position, at) => ({
      subject: at < 2 ? `identity ${IDENTITY}` : 'verification v1',
      auditId: at + 1,
      position,
    })),
  };
}

function soundState(): Pick<
  Evidence,
  'identities' | 'engagements' | 'accounts' | 'assignments' | 'verifications' | 'attempts'
> {
  return {
    identities: [
      { identityId: IDENTITY, source: HR, externalId: 'p1', lifecycle: 'active', generation: '1' },
    ],
    engagements: [{ engagement: 'p1-0', identityId: IDENTITY }],
    accounts: ACCOUNTS.map(({ target, accountId }) => ({
      accountId,
      target,
      identityId: IDENTITY,
      state: 'enabled',
      userName: 'p1',
      attributes: JSON.stringify(ATTRIBUTES),
      generation: '2',
    })),
    assignments: ACCOUNTS.map(({ accountId, entitlement }) => {
      return { accountId, entitlement, reasons: '[{"rule":"r","hash":"h"}]' };
    }),
    verifications: [{ verification: 'v1', state: 'verified', attempt: 'A1' }],
    attempts: [{ verification: 'v1', attempt: 'A1', state: 'verified' }],
  };
}
