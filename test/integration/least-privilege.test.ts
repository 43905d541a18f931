import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

/** Every verb that a role may use on a table: s(elect) i(nsert) u(pdate) d(elete); nothing else is granted to anybody. */
const GRANTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  latchkey_reconciler: {
    account: 'siu',
    assignment: 'siud',
    audit_entry: 'i',
    conflict: 'siu',
    correlation_key: 'si',
    dead_letter: 'si',
    engagement: 'siu',
    fact: 'si',
    identity: 'siu',
    inbox: 'siu',
    intake_progress: 'siu',
    kysely_migration: 's',
    outbox: 'si',
    outbox_lane: 'si',
    output_state: 's',
    relay_position: 's',
    review: 'si',
    verification: 'siu',
    verification_attempt: 'siu',
    verification_callback: 'i',
    verification_failure: 'siu',
  },
  latchkey_relay: {
    kysely_migration: 's',
    outbox: 'sd',
    outbox_lane: 'si',
    output_state: 's',
    relay_position: 'siu',
    relay_topic: 'siu',
  },
  latchkey_operator: {
    account: 'siu',
    assignment: 'siud',
    audit_entry: 'si',
    conflict: 's',
    correlation_key: 'si',
    dead_letter: 'su',
    engagement: 'siu',
    fact: 'si',
    identity: 'siu',
    inbox: 'siu',
    intake_progress: 'su',
    kysely_migration: 's',
    outbox: 'sid',
    outbox_lane: 'si',
    output_state: 'su',
    relay_position: 'siu',
    relay_topic: 'siu',
    review: 'si',
    verification: 'siu',
    verification_attempt: 'siu',
    verification_callback: 'si',
    verification_failure: 'siu',
  },
  latchkey_reader: {
    account: 's',
    assignment: 's',
    audit_entry: 's',
    conflict: 's',
    correlation_key: 's',
    dead_letter: 's',
    engagement: 's',
    fact: 's',
    identity: 's',
    inbox: 's',
    intake_progress: 's',
    kysely_migration: 's',
    outbox: 's',
    outbox_lane: 's',
    output_state: 's',
    relay_position: 's',
    relay_topic: 's',
    review: 's',
    verification: 's',
    verification_attempt: 's',
    verification_callback: 's',
    verification_failure: 's',
  },
};

const VERBS = ['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger'];

test('each role may do to each table what its service does, and nothing else', async () => {
  const rows = await database.query<{ role: string; table: string; verbs: string }>(
    `select role, relname as table, string_agg(substr(verb, 1, 1), '' order by ordinal) as verbs
     from pg_class, unnest($1::text[]) as role,
       unnest($2::text[]) with ordinality as verbs (verb, ordinal)
     where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition
       and has_table_privilege(role, pg_class.oid, verb)
     group by role, relname`,
    [Object.keys(GRANTS), VERBS],
  );
  const found = Object.fromEntries(
    Object.keys(GRANTS).map((role) => [
      role,
      Object.fromEntries(
        rows.filter((row) => row.role === role).map(({ table, verbs }) => [table, verbs]),
      ),
    ]),
  );
  expect(found).toEqual(GRANTS);
});

test('nobody reaches the partitions of the inbox but through the inbox', async () => {
  const rows = await database.query(
    `select role, relname from pg_class, unnest($1::text[]) as role, unnest($2::text[]) as verb
     where relispartition and has_table_privilege(role, pg_class.oid, verb)`,
    [Object.keys(GRANTS), VERBS],
  );
  expect(rows).toEqual([]);
});

test('no role may make anything, log in, or become another', async () => {
  const rows = await database.query(
    `select rolname, rolcanlogin or rolsuper or rolcreaterole or rolcreatedb or rolreplication
        or rolbypassrls as attributes,
      has_schema_privilege(rolname, 'public', 'create') as schema,
      has_database_privilege(rolname, current_database(), 'create') as database,
      exists (select from pg_auth_members where member = pg_roles.oid) as member
     from pg_roles where rolname = any ($1) order by rolname`,
    [Object.keys(GRANTS)],
  );
  const nothing = { attributes: false, schema: false, database: false, member: false };
  const names = Object.keys(GRANTS).toSorted();
  expect(rows).toEqual(names.map((rolname) => ({ rolname, ...nothing })));
});

test('what was written for good cannot be changed by a service', async () => {
  const forGood = ['audit_entry', 'fact', 'verification_callback'];
  const tables = {
    latchkey_reconciler: [...forGood, 'outbox'],
    // `relay rebase` gives messages new positions.
    latchkey_operator: forGood,
  };
  for (const [role, own] of Object.entries(tables)) {
    for (const table of own) {
      await expect(
        database.query(`set local role ${role}; delete from ${table}`),
        `${role} deletes from ${table}`,
      ).rejects.toThrow('permission denied');
    }
  }
});
