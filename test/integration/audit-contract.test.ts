import { auditEntry } from '@latchkey/contracts';
import { restateAll } from '@latchkey/intake';
import { openDatabase } from '@latchkey/postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import * as every from '../support/every-statement.ts';
import { openIntakeHarness } from '../support/intake-harness.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

interface AuditRow {
  readonly decided_at: Date;
  readonly event_id: string | null;
  readonly decisions: string;
  readonly [column: string]: unknown;
}

test('every entry that intake appends fulfils the contract', async () => {
  await using harness = await openIntakeHarness(database);
  await every.processBatches(harness, 20);
  await every.leaveUndecided(harness, 5);
  await every.decideDue(harness, database, 5);
  await every.keepHouse(harness);
  await using operator = openDatabase({
    url: database.url,
    role: 'latchkey_operator',
    purpose: 'command',
    poolSize: 2,
    applicationName: 'test-audit-contract',
    onConnectionLost: () => undefined,
  });
  await every.operate(operator, harness);
  await database.query('update output_state set epoch = 1');
  await restateAll(operator, 1, { outputs: harness.outputs, operator: 'grace', owner: 'iam' });

  const rows = await database.query<AuditRow>('select * from audit_entry');
  const kinds = new Set<string>();
  for (const row of rows) {
    const entry = auditEntry.parse(documentOf(row));
    for (const { kind } of entry.decisions) kinds.add(kind);
    expect(entry.decisions).toEqual(JSON.parse(row.decisions));
  }
  expect([...kinds]).toEqual(
    expect.arrayContaining([
      'fact',
      'undecided',
      'lifecycle',
      'create',
      'grant',
      'report',
      'attempt_opened',
      'verification_settled',
      'redrive',
      'progress_accepted',
      'stated_again',
    ]),
  );
});

/** The entry as the contract names its members. */
function documentOf({ decided_at, event_id, decisions, ...row }: AuditRow): object {
  return {
    decidedAt: decided_at.toISOString(),
    subjectKind: row['subject_kind'],
    subjectId: row['subject_id'],
    trigger: row['trigger'],
    ...(event_id === null ? {} : { eventId: event_id }),
    decider: row['decider'],
    owner: row['owner'],
    decisions: JSON.parse(decisions) as unknown,
  };
}
