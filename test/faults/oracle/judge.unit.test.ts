import { expect, test } from 'vitest';
import type { OutputMessage } from '../../support/output-reader.ts';
import { deadlockFindings } from './deadlocks.ts';
import type { Evidence } from './evidence.ts';
import { findingsOf } from './judge.ts';
import { replayFindings } from './replay.ts';
import type { Seen } from './seen.ts';
import { ACCOUNTS, messageOf, outboxOf, soundWorld } from './sound-world.ts';

type Doctor = (seen: Seen) => Seen;

/** One table changed. */
function table<K extends keyof Evidence>(
  name: K,
  change: (rows: Evidence[K]) => Evidence[K],
): Doctor {
  return (seen) => ({
    ...seen,
    evidence: { ...seen.evidence, [name]: change(seen.evidence[name]) },
  });
}

/** What was read changed, and not what was appended. */
function read(change: (messages: readonly OutputMessage[]) => readonly OutputMessage[]): Doctor {
  return (seen) => ({ ...seen, messages: change(seen.messages) });
}

/** What was appended changed, and so what was read. */
function appended(
  change: (messages: readonly OutputMessage[]) => readonly OutputMessage[],
): Doctor {
  return (seen) => {
    const messages = change(seen.messages);
    return { ...seen, messages, evidence: { ...seen.evidence, outbox: outboxOf(messages) } };
  };
}

/** The message at an index changed: 0 lifecycle, 1–4 access, 5 verification, 6–7 dead letters. */
function at(index: number, changes: (message: OutputMessage) => Partial<OutputMessage>) {
  return (messages: readonly OutputMessage[]): readonly OutputMessage[] =>
    messages.map((message, place) =>
      place === index ? { ...message, ...changes(message) } : message,
    );
}

const firstAccount = ACCOUNTS[0]?.accountId ?? '';
const disabled = ({ data }: OutputMessage) => ({
  data: { ...data, account: { ...(data['account'] as object), state: 'disabled' } },
});

const doctored: readonly (readonly [string, Doctor, readonly string[]])[] = [
  ['an event that is not claimed', table('inbox', (rows) => rows.slice(1)), ['lost']],
  [
    'an event of nobody',
    table('inbox', (rows) => [...rows, { eventId: 'x#1', disposition: 'applied' }]),
    ['lost'],
  ],
  ['a fact that is not kept', table('facts', (rows) => rows.slice(1)), ['lost']],
  [
    'a fact with another content',
    table('facts', (rows) => rows.map((row) => ({ ...row, data: '{"engagement":"other"}' }))),
    ['lost'],
  ],
  [
    'a delivery that is not counted',
    table('progress', (rows) => rows.map((row) => ({ ...row, received: 8, duplicate: 0 }))),
    ['lost', 'conservation'],
  ],
  ['a fact twice', table('facts', (rows) => [...rows, ...rows.slice(1)]), ['applied-twice']],
  [
    'two audit entries of an event',
    table('audit', (rows) => [
      ...rows,
      { ...rows[0], decidedAt: '9', decisions: '[]' } as (typeof rows)[0],
    ]),
    ['applied-twice'],
  ],
  ['a message read twice', read((all) => [...all, all[4] as OutputMessage]), ['published-twice']],
  [
    'a message that differs',
    read(at(3, ({ data }) => ({ data: { ...data, changes: [1] } }))),
    ['ghost'],
  ],
  ['a message of nobody', table('outbox', (rows) => rows.slice(0, -1)), ['ghost']],
  ['a message not read', read((all) => all.slice(0, -1)), ['unpublished']],
  [
    'a message missing between',
    read((all) => all.toSpliced(2, 1)),
    ['unpublished', 'gap', 'generation'],
  ],
  ['a position never appended', appended(at(7, () => ({ position: 3n }))), ['gap']],
  [
    'two messages in the wrong order',
    read((all) => all.with(1, all[2] as OutputMessage).with(2, all[1] as OutputMessage)),
    ['inversion'],
  ],
  [
    'a generation left out',
    appended((all) =>
      all.with(3, messageOf('access', 3, firstAccount, 3, { ...all[3]?.data, generation: 3 })),
    ),
    ['generation'],
  ],
  [
    'a header that says another generation',
    appended(at(3, ({ data }) => ({ data: { ...data, generation: 7 } }))),
    ['generation'],
  ],
  [
    'an account that should be enabled',
    table('accounts', (rows) => rows.map((row) => ({ ...row, state: 'disabled' }))),
    ['state'],
  ],
  ['an assignment too few', table('assignments', (rows) => rows.slice(1)), ['state']],
  [
    'other attributes',
    table('accounts', (rows) => rows.map((row) => ({ ...row, attributes: '{}' }))),
    ['state'],
  ],
  ['downstream was told something else', appended(at(3, disabled)), ['state']],
  [
    'a lifecycle downstream',
    appended(at(0, ({ data }) => ({ data: { ...data, lifecycle: 'leaving' } }))),
    ['state'],
  ],
  [
    'an identity too many',
    table('identities', (rows) => [
      ...rows,
      { identityId: 'x', source: 's', externalId: 'x', lifecycle: 'inactive', generation: '0' },
    ]),
    ['state'],
  ],
  [
    'a lost duplicate',
    table('progress', (rows) => rows.map((row) => ({ ...row, applied: 6, duplicate: 0 }))),
    ['conservation'],
  ],
  [
    'another failure code',
    table('deadLetters', (rows) => rows.map((row) => ({ ...row, code: 'NOT_UTF8' }))),
    ['conservation'],
  ],
  ['a change that nobody decided', table('audit', (rows) => rows.toSpliced(1, 1)), ['audit']],
  [
    'a decision that changed nothing',
    table('audit', (rows) => [
      ...rows,
      { ...rows[0], eventId: null, decidedAt: '9' } as (typeof rows)[0],
    ]),
    ['audit'],
  ],
  [
    'a verification that was settled by nobody',
    table('audit', (rows) => rows.with(4, { ...rows[4], decisions: '[]' } as (typeof rows)[0])),
    ['audit'],
  ],
  [
    'a decision with an older clock than the one before',
    table('audit', (rows) => rows.map((row, at) => ({ ...row, decidedAt: String(9 - at) }))),
    ['decided-in-order'],
  ],
  [
    'an attempt that was something else before',
    table('callbacks', (rows) =>
      rows.map((row) => ({ ...row, finalState: row.attempt && 'rejected' })),
    ),
    ['terminal'],
  ],
  [
    'an attempt that nobody waits for',
    table('attempts', (rows) => [...rows, { verification: 'v1', attempt: 'A2', state: 'open' }]),
    ['terminal'],
  ],
  [
    'a verification announced twice',
    appended((all) => [
      ...all,
      messageOf('verifications', 2, 'v1', 2, { outcome: 'verified', generation: 2 }),
    ]),
    ['terminal'],
  ],
  [
    'another outcome',
    appended(at(5, () => ({ data: { outcome: 'failed', generation: 1 } }))),
    ['terminal'],
  ],
  [
    'an engagement of no identity',
    table('engagements', (rows) => rows.map((row) => ({ ...row, identityId: 'x' }))),
    ['orphans'],
  ],
  [
    'a random id',
    appended(at(5, () => ({ id: '67b1ca0a-537a-4172-9c07-f87d546fc0f0' }))),
    ['effect-id'],
  ],
];

test('nothing is found in a sound world', () => {
  expect(findingsOf(soundWorld())).toEqual([]);
});

test.each(doctored)('%s is found', (_, doctor, expected) => {
  const findings = findingsOf(doctor(soundWorld()));

  expect([...new Set(findings.map(({ check }) => check))]).toEqual(expected);
});

test('every check has a world in which it speaks', () => {
  const sound = findingsOf({ ...soundWorld(), messages: [] }).map(({ check }) => check);
  const spoken = new Set([...doctored.flatMap(([, , checks]) => checks), ...sound]);

  expect([...spoken].sort()).toEqual(
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
      'decided-in-order',
      'terminal',
      'orphans',
      'effect-id',
    ].sort(),
  );
});

test('a replay that changed a table is found, and one that changed none is not', () => {
  const before = { fact: '2 rows a', outbox: '5 rows b' };

  expect(replayFindings(before, before)).toEqual([]);
  expect(replayFindings(before, { ...before, outbox: '6 rows c' })).toEqual([
    { check: 'replay', detail: 'outbox: 5 rows b became 6 rows c' },
  ]);
});

test('a deadlock that the server counted is found, and none is not', async () => {
  const counted = (rows: readonly object[]) => deadlockFindings(() => Promise.resolve(rows));

  expect(await counted([])).toEqual([]);
  expect(await counted([{ deadlocks: 2 }])).toEqual([
    { check: 'deadlocks', detail: '2 transactions waited in a circle' },
  ]);
});
