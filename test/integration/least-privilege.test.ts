import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

/** Every verb that a role may use on a table: s(elect) i(nsert) u(pdate) d(elete); nothing else is granted. */
const GRANTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  latchkey_reconciler: {
    account: 'siu',
    assignment: 'siud',
    audit_order: 'si',
    audit_sequencer: 'su',
    audit_text: 'i',
    block_switch: 'siu',
    checkpoint_row_key: 'sid',
    conflict: 'siu',
    correlation_key: 'si',
    dead_letter: 'si',
    due_work: 'siud',
    due_work_pace: 'siud',
    engagement: 'siu',
    engagement_checkpoint: 'siu',
    fact: 'sid',
    identity: 'siu',
    inbox: 'siud',
    inbox_retention: 'su',
    intake_progress: 'siu',
    kysely_migration: 's',
    outbox: 'si',
    outbox_lane: 'si',
    output_state: 's',
    policy_at_work: 'siud',
    relay_position: 's',
    review: 'siu',
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
    audit_entry: 's',
    audit_order: 's',
    audit_sequencer: 's',
    audit_text: 'si',
    block_switch: 'siu',
    checkpoint_row_key: 'sid',
    conflict: 's',
    correlation_key: 'si',
    dead_letter: 'su',
    due_work: 'siud',
    due_work_pace: 'sd',
    engagement: 'siu',
    engagement_checkpoint: 'siu',
    fact: 'si',
    identity: 'siu',
    inbox: 'siu',
    inbox_retention: 's',
    intake_progress: 'su',
    kysely_migration: 's',
    outbox: 'sid',
    outbox_lane: 'si',
    output_state: 'su',
    policy_at_work: 's',
    relay_position: 'siu',
    relay_topic: 'siu',
    review: 'siu',
    verification: 'siu',
    verification_attempt: 'siu',
    verification_callback: 'si',
    verification_failure: 'siu',
  },
  latchkey_reader: {
    account: 's',
    assignment: 's',
    audit_entry: 's',
    audit_order: 's',
    audit_sequencer: 's',
    audit_text: 's',
    block_switch: 's',
    checkpoint_row_key: 's',
    conflict: 's',
    correlation_key: 's',
    dead_letter: 's',
    due_work: 's',
    due_work_pace: 's',
    engagement: 's',
    engagement_checkpoint: 's',
    fact: 's',
    identity: 's',
    inbox: 's',
    inbox_retention: 's',
    intake_progress: 's',
    kysely_migration: 's',
    outbox: 's',
    outbox_lane: 's',
    output_state: 's',
    policy_at_work: 's',
    relay_position: 's',
    relay_topic: 's',
    review: 's',
    verification: 's',
    verification_attempt: 's',
    verification_callback: 's',
    verification_failure: 's',
  },
};

const VERBS = [
  'select',
  'insert',
  'update',
  'delete',
  'truncate',
  'references',
  'trigger',
  'maintain',
];
const ROLES = Object.keys(GRANTS);

test('each role may do to each table what its service does, and nothing else', async () => {
  const rows = await database.query<{ role: string; table: string; verbs: string }>(
    `select role, relname as table, string_agg(substr(verb, 1, 1), '' order by ordinal) as verbs
     from pg_class, unnest($1::text[]) as role,
       unnest($2::text[]) with ordinality as verbs (verb, ordinal)
     where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f')
       and not relispartition and has_table_privilege(role, pg_class.oid, verb)
     group by role, relname`,
    [ROLES, VERBS],
  );
  const found = Object.fromEntries(
    ROLES.map((role) => [
      role,
      Object.fromEntries(
        rows.filter((row) => row.role === role).map(({ table, verbs }) => [table, verbs]),
      ),
    ]),
  );
  expect(found).toEqual(GRANTS);
});

test('the partitions of the inbox are reached through the inbox only', async () => {
  const rows = await database.query(
    `select role, relname from pg_class, unnest($1::text[]) as role, unnest($2::text[]) as verb
     where relispartition and has_table_privilege(role, pg_class.oid, verb)`,
    [ROLES, VERBS],
  );
  expect(rows).toEqual([]);
});

test('no role may create objects, log in, or become another', async () => {
  const rows = await database.query(
    `select rolname, rolcanlogin or rolsuper or rolcreaterole or rolcreatedb or rolreplication
        or rolbypassrls as attributes,
      has_schema_privilege(rolname, 'public', 'create') as schema,
      has_database_privilege(rolname, current_database(), 'create') as database,
      exists (select from pg_auth_members where member = pg_roles.oid) as member
     from pg_roles where rolname = any ($1) order by rolname`,
    [ROLES],
  );
  const nothing = { attributes: false, schema: false, database: false, member: false };
  const names = ROLES.toSorted();
  expect(rows).toEqual(names.map((rolname) => ({ rolname, ...nothing })));
});

test('rights to columns alone: what tells a forgotten report from another, an audit entry but for its login, and what orders entries', async () => {
  const rows = await database.query(
    `select role, relname, verb from pg_class, unnest($1::text[]) as role,
       unnest(array['select', 'insert', 'update', 'references']) as verb
     where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f')
       and has_any_column_privilege(role, pg_class.oid, verb)
       and not has_table_privilege(role, pg_class.oid, verb)
     order by role collate "C" desc, relname, verb collate "C" desc`,
    [ROLES],
  );
  expect(rows).toEqual([
    { role: 'latchkey_reconciler', relname: 'audit_entry', verb: 'select' },
    { role: 'latchkey_reconciler', relname: 'audit_entry', verb: 'insert' },
    { role: 'latchkey_reconciler', relname: 'audit_order', verb: 'update' },
    { role: 'latchkey_reconciler', relname: 'verification_callback', verb: 'select' },
    { role: 'latchkey_operator', relname: 'audit_entry', verb: 'insert' },
  ]);
});

test('sequences advance by inserts only', async () => {
  const rows = await database.query(
    `select relname, array_agg(role) filter (where has_sequence_privilege(role, pg_class.oid, verb))
       as roles
     from pg_class, unnest($1::text[]) as role, unnest(array['usage', 'select', 'update']) as verb
     where relkind = 'S' and relnamespace = 'public'::regnamespace group by relname order by relname`,
    [ROLES],
  );
  expect(rows).toEqual([
    // The last id that was assigned, and not the next one.
    { relname: 'audit_entry_audit_id_seq', roles: ['latchkey_reconciler'] },
    { relname: 'outbox_lane_lane_seq', roles: null },
  ]);
});

test('the functions are those of triggers, which no role can call, of the months, and of similar ids', async () => {
  const rows = await database.query(
    `select proname, prorettype::regtype::text as returns, prosecdef as definer from pg_proc
     where pronamespace = 'public'::regnamespace order by proname`,
  );
  expect(rows).toEqual([
    { proname: 'audit_partitions_end', returns: 'timestamp with time zone', definer: false },
    { proname: 'drop_overtaken_heads', returns: 'trigger', definer: false },
    { proname: 'end_due_work', returns: 'trigger', definer: false },
    { proname: 'folded_id', returns: 'text', definer: false },
    { proname: 'leave_out_voided', returns: 'trigger', definer: false },
    { proname: 'make_audit_partitions', returns: 'text', definer: false },
    { proname: 'note_older_version', returns: 'trigger', definer: false },
    { proname: 'refuse_lower_generation', returns: 'trigger', definer: false },
    { proname: 'refuse_terminal_change', returns: 'trigger', definer: false },
    { proname: 'refuse_terminal_change_but_generation', returns: 'trigger', definer: false },
    { proname: 'set_callback_id', returns: 'trigger', definer: false },
    { proname: 'turn_block_switches', returns: 'trigger', definer: false },
  ]);
});

test('everything belongs to the role of migrations, and nothing is granted to public', async () => {
  const owners = await database.query(
    `select distinct pg_get_userbyid(relowner) as owner from pg_class
     where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'S', 'v', 'm', 'f') and not relispartition
     union select pg_get_userbyid(proowner) from pg_proc where pronamespace = 'public'::regnamespace`,
  );
  expect(owners).toEqual([{ owner: 'latchkey_migrator' }]);
  const everybody = await database.query(
    `select relname, privilege_type from pg_class, aclexplode(relacl)
     where relnamespace = 'public'::regnamespace and grantee = 0`,
  );
  expect(everybody).toEqual([]);
  const grantable = await database.query(
    `select relname, grantee::regrole::text from pg_class, aclexplode(relacl)
     where relnamespace = 'public'::regnamespace and is_grantable and grantee <> relowner`,
  );
  expect(grantable).toEqual([]);
});

test('there is one schema: every role uses it, the role of migrations creates in it', async () => {
  const rows = await database.query<{ role: string; may: string }>(
    `select role, string_agg(nspname || ' ' || verb, ', ' order by nspname, verb desc) as may
     from pg_namespace, unnest($1::text[]) as role, unnest(array['usage', 'create']) as verb
     where nspname !~ '^pg_|^information_schema$' and has_schema_privilege(role, pg_namespace.oid, verb)
     group by role`,
    [[...ROLES, 'latchkey_migrator']],
  );
  const may = Object.fromEntries(rows.map((row) => [row.role, row.may]));
  expect(may).toEqual({
    ...Object.fromEntries(ROLES.map((role) => [role, 'public usage'])),
    latchkey_migrator: 'public usage, public create',
  });
});

test('a service cannot change append-only rows', async () => {
  const forGood = ['audit_entry', 'audit_order', 'audit_text', 'verification_callback'];
  const tables = {
    latchkey_reconciler: [...forGood, 'outbox'],
    // `relay rebase` gives messages new positions.
    latchkey_operator: [...forGood, 'fact'],
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
