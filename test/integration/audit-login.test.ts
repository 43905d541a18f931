import { redrive } from '@latchkey/intake';
import { type AuditEntry, appendAudit, openDatabase } from '@latchkey/postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { employee, hrEvent, inDays } from '../support/events.ts';
import { createLogin } from '../support/foreign-defaults.ts';
import { openIntakeHarness } from '../support/intake-harness.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

const COLUMNS = 'decided_at, subject_kind, subject_id, trigger, decider, owner, decisions';
const VALUES = "now(), 'identity', 'a', 'operator', 'operator:grace', 'iam', '[]'";

test.each(['latchkey_operator', 'latchkey_reconciler'])(
  '%s cannot choose the login of an audit entry, neither in the trail nor in a month',
  async (role) => {
    const months = await database.query<{ name: string }>(
      "select inhrelid::regclass::text as name from pg_inherits where inhparent = 'audit_entry'::regclass",
    );
    expect(months.length).toBeGreaterThan(12);
    for (const name of ['audit_entry', ...months.map((month) => month.name)]) {
      await expect(
        database.query(
          `set local role ${role}; insert into ${name} (${COLUMNS}, login) values (${VALUES}, 'grace')`,
        ),
        name,
      ).rejects.toMatchObject({ code: '42501' });
    }
  },
);

const KINDS: readonly AuditEntry['subjectKind'][] = [
  'identity',
  'verification',
  'dead_letter',
  'intake_progress',
  'output_topic',
  'output_state',
];

test('every decision of an operator records the login that the command connected with', async () => {
  await using login = await createLogin(database, 'in role latchkey_operator');
  await using operator = openDatabase({
    url: login.url,
    role: 'latchkey_operator',
    purpose: 'command',
    poolSize: 1,
    applicationName: 'test-audit-login',
    onConnectionLost: () => undefined,
  });
  const entries = KINDS.map(
    (subjectKind): AuditEntry => ({
      decidedAtMs: Date.UTC(2026, 0, 1),
      subjectKind,
      subjectId: `login ${subjectKind}`,
      trigger: 'operator',
      eventId: undefined,
      decider: 'operator:grace',
      owner: 'iam',
      decisions: '[]',
    }),
  );
  await operator.transaction((tx) => {
    appendAudit(tx, entries);
    return Promise.resolve();
  });
  const rows = await database.query(
    "select distinct login, count(*)::integer as n from audit_entry where subject_id like 'login %' group by login",
  );
  expect(rows).toEqual([{ login: login.name, n: KINDS.length }]);
});

test("a redriven dead letter records the operator's login, a reconciler's decision its own", async () => {
  await using harness = await openIntakeHarness(database);
  // The same policy, after one more source was registered.
  await using later = await openIntakeHarness(database, (yaml) =>
    yaml.replaceAll('urn:example:contractors', 'urn:example:agency'),
  );
  await using login = await createLogin(database, 'in role latchkey_operator');
  await using operator = openDatabase({
    url: login.url,
    role: 'latchkey_operator',
    purpose: 'command',
    poolSize: 1,
    applicationName: 'test-audit-login',
    onConnectionLost: () => undefined,
  });
  const data = { startsAt: inDays(-9), attributes: employee('Sales') };
  await harness.process([hrEvent('joined', 'a', 1, data)]);
  const trail = 'select distinct trigger, login from audit_entry where subject_kind = $1';
  const [own] = await database.query<{ login: string }>('select session_user::text as login');
  expect(await database.query(`${trail} and event_id is not null`, ['identity'])).toEqual([
    { trigger: 'event', login: own?.login },
  ]);

  await harness.process([hrEvent('joined', 'b', 1, data, { source: 'urn:example:agency' })]);
  const [letter] = await database.query<{ id: string }>('select id from dead_letter');
  const inputOf = (): 'workforce-events' => 'workforce-events';
  const { policy, outputs, build } = later;
  expect(
    await redrive(
      { db: operator, policy, outputs, build, inputOf, operator: 'grace' },
      letter?.id ?? '',
    ),
  ).toEqual({ kind: 'applied' });
  expect(await database.query(`${trail} and subject_id !~ '^login '`, ['dead_letter'])).toEqual([
    { trigger: 'operator', login: login.name },
  ]);
});
