import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

const ROLES = ['latchkey_reconciler', 'latchkey_relay', 'latchkey_operator', 'latchkey_reader'];

/** Some of the statements that each role must not run. */
const DENIED: readonly (readonly [role: string, statement: string])[] = [
  ['latchkey_reconciler', "update fact set data = '{}'"],
  ['latchkey_reconciler', 'delete from engagement_checkpoint'],
  ['latchkey_reconciler', 'delete from block_switch'],
  ['latchkey_reconciler', 'update checkpoint_row_key set row_key = row_key'],
  ['latchkey_reconciler', 'update audit_entry set decisions = decisions'],
  ['latchkey_reconciler', 'update outbox set payload = payload'],
  ['latchkey_reconciler', "update dead_letter set state = 'redriven'"],
  ['latchkey_reconciler', 'delete from inbox_retention'],
  ['latchkey_reconciler', 'delete from intake_progress'],
  ['latchkey_reconciler', 'delete from inbox_0'],
  ['latchkey_reconciler', 'select decisions from audit_entry'],
  ['latchkey_reconciler', 'update audit_order set position = position'],
  ['latchkey_reconciler', 'delete from audit_sequencer'],
  ['latchkey_reconciler', 'select from audit_text'],
  ['latchkey_reconciler', 'update relay_position set published_through = 0'],
  ['latchkey_reconciler', 'truncate fact'],
  ['latchkey_relay', 'select from fact'],
  ['latchkey_relay', 'select from engagement_checkpoint'],
  ['latchkey_relay', 'select from inbox'],
  ['latchkey_relay', 'select from dead_letter'],
  ['latchkey_relay', 'insert into outbox default values'],
  ['latchkey_relay', 'update outbox set payload = payload'],
  ['latchkey_relay', 'update intake_progress set next_offset = 0'],
  ['latchkey_operator', 'delete from fact'],
  ['latchkey_operator', 'delete from dead_letter'],
  ['latchkey_operator', 'insert into dead_letter default values'],
  ['latchkey_operator', 'update audit_entry set decisions = decisions'],
  ['latchkey_operator', 'update audit_text set text = text'],
  ['latchkey_operator', 'insert into audit_order default values'],
  ['latchkey_operator', 'delete from relay_topic'],
  ['latchkey_operator', 'insert into intake_progress default values'],
  ['latchkey_reader', 'update identity set lifecycle = lifecycle'],
  ['latchkey_reader', 'insert into audit_entry default values'],
  ['latchkey_reader', 'delete from outbox'],
  ['latchkey_reader', 'select from identity for update'],
];

test.each(DENIED)('%s is denied: %s', async (role, statement) => {
  await expect(database.query(`set local role ${role}; ${statement}`)).rejects.toMatchObject({
    code: '42501',
  });
});

/** Statements that no role of a service may run. */
const DENIED_TO_ALL = [
  'create table mine ()',
  'create function public.mine() returns void language sql as $$$$',
  'create schema mine',
  'create role mine',
  'alter table fact disable trigger all',
  'alter table verification disable trigger verification_terminal',
  'drop table fact',
  "set local session_replication_role = 'replica'",
  "select nextval('audit_entry_audit_id_seq')",
  "select pg_read_file('postgresql.conf')",
  "copy (select 1) to program 'true'",
  "copy (select 1) to '/tmp/latchkey-least-privilege'",
  'create extension file_fdw',
];

test.each(DENIED_TO_ALL)('no role of a service may: %s', async (statement) => {
  for (const role of ROLES) {
    await expect(
      database.query(`set local role ${role}; ${statement}`),
      `${role}: ${statement}`,
    ).rejects.toMatchObject({ code: '42501' });
  }
});
