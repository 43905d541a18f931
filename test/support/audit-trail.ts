import { appendAudit, type Tx } from '@latchkey/postgres';
import { Client } from 'pg';
import type { TestDatabase } from './database.ts';

/** Appends one audit entry of each of these subjects. */
export function appendEntries(tx: Tx, subjects: readonly string[]): void {
  appendAudit(
    tx,
    subjects.map((subjectId) => ({
      decidedAtMs: Date.now(),
      subjectKind: 'identity' as const,
      subjectId,
      trigger: 'event' as const,
      eventId: undefined,
      origin: 'kafka' as const,
      decider: 'policy:x',
      owner: 'iam',
      decisions: '[]',
    })),
  );
}

/** An open transaction that has appended entries of these subjects. */
export async function openAppender(
  database: Pick<TestDatabase, 'url'>,
  ...subjects: readonly string[]
): Promise<Client> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  await client.query('begin');
  await client.query(
    `insert into audit_entry (decided_at, subject_kind, subject_id, trigger, decider, owner, decisions)
     select now(), 'identity', subject, 'event', 'policy:x', 'iam', '[]' from unnest($1::text[]) as subject`,
    [subjects],
  );
  return client;
}

/** Ends the transaction and the connection. */
export async function end(client: Client, how: 'commit' | 'rollback'): Promise<void> {
  await client.query(how);
  await client.end();
}
