import { expect, test } from 'vitest';
import type { OutputMessage } from '../../support/output-reader.ts';
import { findDeadlocks } from './deadlocks.ts';
import type { Evidence } from './evidence.ts';
import { runChecks } from './judge.ts';
import type { Observations } from './observations.ts';
import { diffState } from './replay.ts';
import { ACCOUNTS, messageOf, outboxOf, soundWorld } from './sound-world.ts';

type Corruption = (observed: Observations) => Observations;

/** Changes one table. */
function changeTable<K extends keyof Evidence>(
  name: K,
  change: (rows: Evidence[K]) => Evidence[K],
): Corruption {
  return (observed) => ({
    ...observed,
    evidence: { ...observed.evidence, [name]: change(observed.evidence[name]) },
  });
}

/** Changes the messages that were read, but not the outbox. */
function changeRead(
  change: (messages: readonly OutputMessage[]) => readonly OutputMessage[],
): Corruption {
  return (observed) => ({ ...observed, messages: change(observed.messages) });
}

/** Changes the outbox and the messages that were read. */
function changeAppended(
  change: (messages: readonly OutputMessage[]) => readonly OutputMessage[],
): Corruption {
  return (observed) => {
    const messages = change(observed.messages);
    return {
      ...observed,
      messages,
      evidence: { ...observed.evidence, outbox: outboxOf(messages) },
    };
  };
}

/** Changes the message at an index: 0 lifecycle, 1–4 access, 5 verification, 6–7 dead letters. */
function changeAt(index: number, changes: (message: OutputMessage) => Partial<OutputMessage>) {
  return (messages: readonly OutputMessage[]): readonly OutputMessage[] =>
    messages.map((message, place) =>
      place === index ? { ...message, ...changes(message) } : message,
    );
}

const firstAccount = ACCOUNTS[0]?.accountId ?? '';
const disabled = ({ data }: OutputMessage) => ({
  data: { ...data, account: { ...(data['account'] as object), state: 'disabled' } },
});

const corruptions: readonly (readonly [string, Corruption, readonly string[]])[] = [
  ['a parked identity alone', changeTable('abandoned', () => [{ identityId: 'x' }]), ['due-work']],
  ['an unclaimed event', changeTable('inbox', (rows) => rows.slice(1)), ['lost']],
  [
    'a claimed event that was not sent',
    changeTable('inbox', (rows) => [...rows, { eventId: 'x#1', disposition: 'applied' }]),
    ['lost'],
  ],
  ['a missing fact', changeTable('facts', (rows) => rows.slice(1)), ['lost']],
  [
    'a fact with other content',
    changeTable('facts', (rows) => rows.map((row) => ({ ...row, data: '{"engagement":"other"}' }))),
    ['lost'],
  ],
  [
    'an uncounted delivery',
    changeTable('progress', (rows) => rows.map((row) => ({ ...row, received: 8, duplicate: 0 }))),
    ['lost', 'conservation'],
  ],
  [
    'a duplicate fact',
    changeTable('facts', (rows) => [...rows, ...rows.slice(1)]),
    ['applied-twice'],
  ],
  [
    'two audit entries of an event',
    changeTable('audit', (rows) => [
      ...rows,
      { ...rows[0], decidedAt: '9', decisions: '[]' } as (typeof rows)[0],
    ]),
    ['applied-twice'],
  ],
  [
    'a message read twice',
    changeRead((all) => [...all, all[4] as OutputMessage]),
    ['published-twice'],
  ],
  [
    'a message that differs',
    changeRead(changeAt(3, ({ data }) => ({ data: { ...data, changes: [1] } }))),
    ['ghost'],
  ],
  [
    'a message that is not in the outbox',
    changeTable('outbox', (rows) => rows.slice(0, -1)),
    ['ghost'],
  ],
  ['an unread message', changeRead((all) => all.slice(0, -1)), ['unpublished']],
  [
    'a missing message between others',
    changeRead((all) => all.toSpliced(2, 1)),
    ['unpublished', 'gap', 'generation'],
  ],
  ['a missing position', changeAppended(changeAt(7, () => ({ position: 3n }))), ['gap']],
  [
    'two messages in the wrong order',
    changeRead((all) => all.with(1, all[2] as OutputMessage).with(2, all[1] as OutputMessage)),
    ['inversion'],
  ],
  [
    'a skipped generation',
    changeAppended((all) =>
      all.with(3, messageOf('access', 3, firstAccount, 3, { ...all[3]?.data, generation: 3 })),
    ),
    ['generation'],
  ],
  [
    'a header with another generation',
    changeAppended(changeAt(3, ({ data }) => ({ data: { ...data, generation: 7 } }))),
    ['generation'],
  ],
  [
    'an account that should be enabled',
    changeTable('accounts', (rows) => rows.map((row) => ({ ...row, state: 'disabled' }))),
    ['state'],
  ],
  ['a missing assignment', changeTable('assignments', (rows) => rows.slice(1)), ['state']],
  [
    'other attributes',
    changeTable('accounts', (rows) => rows.map((row) => ({ ...row, attributes: '{}' }))),
    ['state'],
  ],
  ['another state downstream', changeAppended(changeAt(3, disabled)), ['state']],
  [
    'another lifecycle downstream',
    changeAppended(changeAt(0, ({ data }) => ({ data: { ...data, lifecycle: 'leaving' } }))),
    ['state'],
  ],
  [
    'an unknown identity',
    changeTable('identities', (rows) => [
      ...rows,
      { identityId: 'x', source: 's', externalId: 'x', lifecycle: 'inactive', generation: '0' },
    ]),
    ['state'],
  ],
  [
    'a lost duplicate',
    changeTable('progress', (rows) => rows.map((row) => ({ ...row, applied: 6, duplicate: 0 }))),
    ['conservation'],
  ],
  [
    'another failure code',
    changeTable('deadLetters', (rows) => rows.map((row) => ({ ...row, code: 'NOT_UTF8' }))),
    ['conservation'],
  ],
  ['a change without a decision', changeTable('audit', (rows) => rows.toSpliced(1, 1)), ['audit']],
  [
    'a decision without a change',
    changeTable('audit', (rows) => [
      ...rows,
      { ...rows[0], eventId: null, decidedAt: '9' } as (typeof rows)[0],
    ]),
    ['audit'],
  ],
  [
    'a settled verification without a decision',
    changeTable('audit', (rows) =>
      rows.with(4, { ...rows[4], decisions: '[]' } as (typeof rows)[0]),
    ),
    ['audit'],
  ],
  [
    'an audit entry without a position',
    changeTable('auditOrder', (rows) =>
      rows.with(1, { ...rows[1], position: null } as (typeof rows)[0]),
    ),
    ['audit-order'],
  ],
  [
    'a position of two audit entries',
    changeTable('auditOrder', (rows) =>
      rows.with(1, { ...rows[1], position: 4 } as (typeof rows)[0]),
    ),
    ['audit-order'],
  ],
  [
    'audit entries of a subject in the wrong order',
    changeTable('auditOrder', (rows) => rows.map((row) => ({ ...row, position: 6 - row.auditId }))),
    ['audit-order'],
  ],
  [
    'a decision dated before an earlier one',
    changeTable('audit', (rows) => rows.map((row, at) => ({ ...row, decidedAt: String(9 - at) }))),
    ['decided-in-order'],
  ],
  [
    'an attempt whose final state changed',
    changeTable('callbacks', (rows) =>
      rows.map((row) => ({ ...row, finalState: row.attempt && 'rejected' })),
    ),
    ['terminal'],
  ],
  [
    'an open attempt of a settled verification',
    changeTable('attempts', (rows) => [
      ...rows,
      { verification: 'v1', attempt: 'A2', state: 'open' },
    ]),
    ['terminal'],
  ],
  [
    'a verification published twice',
    changeAppended((all) => [
      ...all,
      messageOf('verifications', 2, 'v1', 2, { outcome: 'verified', generation: 2 }),
    ]),
    ['terminal'],
  ],
  [
    'another outcome',
    changeAppended(changeAt(5, () => ({ data: { outcome: 'failed', generation: 1 } }))),
    ['terminal'],
  ],
  [
    'an engagement without an identity',
    changeTable('engagements', (rows) => rows.map((row) => ({ ...row, identityId: 'x' }))),
    ['orphans'],
  ],
  [
    'a random id',
    changeAppended(changeAt(5, () => ({ id: '67b1ca0a-537a-4172-9c07-f87d546fc0f0' }))),
    ['effect-id'],
  ],
];

test('a consistent world has no findings', () => {
  expect(runChecks(soundWorld())).toEqual([]);
});

test.each(corruptions)('%s is found', (_, corrupt, expected) => {
  const findings = runChecks(corrupt(soundWorld()));

  expect([...new Set(findings.map(({ check }) => check))]).toEqual(expected);
});

test('every check has a world in which it reports a finding', () => {
  const unread = runChecks({ ...soundWorld(), messages: [] }).map(({ check }) => check);
  const reported = new Set([...corruptions.flatMap(([, , checks]) => checks), ...unread]);

  expect([...reported].sort()).toEqual(
    [
      'lost',
      'applied-twice',
      'published-twice',
      'ghost',
      'unpublished',
      'gap',
      'inversion',
      'generation',
      'state',
      'conservation',
      'audit',
      'audit-order',
      'decided-in-order',
      'terminal',
      'orphans',
      'due-work',
      'effect-id',
    ].sort(),
  );
});

test('a replay that changed a table is found; one that changed none has no findings', () => {
  const before = { fact: '2 rows a', outbox: '5 rows b' };

  expect(diffState(before, before)).toEqual([]);
  expect(diffState(before, { ...before, outbox: '6 rows c' })).toEqual([
    { check: 'replay', detail: 'outbox: 5 rows b became 6 rows c' },
  ]);
});

test('a deadlock that the server counted is found; without one there are no findings', async () => {
  const counted = (rows: readonly object[]) => findDeadlocks(() => Promise.resolve(rows));

  expect(await counted([])).toEqual([]);
  expect(await counted([{ deadlocks: 2 }])).toEqual([
    { check: 'deadlocks', detail: '2 deadlocks' },
  ]);
});
