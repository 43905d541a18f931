import { readFile } from 'node:fs/promises';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isDataError } from '../../packages/intake/src/steps/data-error.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.query(`
    insert into identity (identity_id, source, external_id, generation)
    values ('00000000-0000-0000-0000-000000000001', 's', 'one', 5);
    insert into verification (verification_id, state) values ('done', 'verified');
    insert into outbox_lane (topic, partition) values ('t', 0);
    insert into fact (event_id, fingerprint, identity_id, source, kind, source_order, data)
    values ('taken', ${HASH}, '00000000-0000-0000-0000-000000000001', 's', 'joined', 1, '{}')`);
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

const HASH = `decode(repeat('00', 32), 'hex')`;
const LONG = `(select string_agg(md5(n::text), '') from generate_series(1, 120) as n)`;

async function errorOf(statement: string): Promise<unknown> {
  return database.query(statement).then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** Errors that only the content of an event can cause. */
const DATA: readonly (readonly [
  code: string,
  constraint: string | undefined,
  statement: string,
])[] = [
  ['22003', undefined, "select ('99999999999999999999')::bigint"],
  ['22007', undefined, "select 'no time'::timestamptz"],
  ['22008', undefined, 'select to_timestamp(1e18)'],
  ['22021', undefined, "select convert_from(decode('ff', 'hex'), 'UTF8')"],
  ['22P02', undefined, "select 'no id'::uuid"],
  ['LK001', undefined, 'update identity set generation = 4'],
  ['LK002', undefined, "update verification set state = 'failed' where verification_id = 'done'"],
  [
    '23505',
    'fact_pkey',
    `insert into fact (event_id, fingerprint, identity_id, source, kind, source_order, data)
       values ('taken', ${HASH}, '00000000-0000-0000-0000-000000000001', 's', 'left', 2, '{}')`,
  ],
  [
    '23514',
    'inbox_event_id_check',
    `insert into inbox (event_id, fingerprint) values (E'a\\x01', ${HASH})`,
  ],
  [
    '23514',
    'outbox_payload_check',
    `insert into outbox (lane, position, ce_id, key, headers, payload, generation)
       select lane, 1, gen_random_uuid(), '', '{}', repeat('x', 900001), 1 from outbox_lane limit 1`,
  ],
  [
    '23514',
    'account_check',
    `insert into account (account_id, identity_id, target, state, user_name, attributes, generation, delete_at)
       values (gen_random_uuid(), gen_random_uuid(), 't', 'enabled', 'u', '{}', 1, now())`,
  ],
  [
    '23514',
    'assignment_reasons_check',
    `insert into assignment (account_id, entitlement, identity_id, target, reasons)
       values (gen_random_uuid(), 'e', gen_random_uuid(), 't', '[]')`,
  ],
  ['54000', 'an index', `insert into inbox (event_id, fingerprint) values (${LONG}, ${HASH})`],
];

test.each(DATA)(
  '%s %s of a statement is an error of the data',
  async (code, constraint, statement) => {
    const error = await errorOf(statement);
    expect(error).toMatchObject({ code });
    if (constraint !== undefined && code !== '54000') expect(error).toMatchObject({ constraint });
    expect(isDataError(error)).toBe(true);
  },
);

test('each code and constraint of the list has a case here', async () => {
  const text = await readFile(
    new URL('../../packages/intake/src/steps/data-error.ts', import.meta.url),
    'utf8',
  );
  const listed = [...text.matchAll(/'([0-9A-Z]{5}|[a-z_]+_(?:check|pkey))'/g)].map(
    ([, one]) => one,
  );
  const tried = DATA.flatMap(([code, constraint]) => [code, constraint]);
  expect(listed.filter((one) => !tried.includes(one))).toEqual([]);
  expect(listed.length).toBeGreaterThan(10);
});

/** Codes of the same classes that the system causes. */
const SYSTEM: readonly (readonly [code: string, statement: string])[] = [
  ['22023', "set role to 'nobody_there'"],
  ['22023', "set timezone to 'Nowhere/At all'"],
  ['22012', 'select 1 / (select count(*) from conflict)'],
  ['22004', 'do $$ begin execute null; end $$'],
  ['23502', 'insert into conflict (event_id) values (null)'],
  ['23514', "insert into outbox_lane (topic, partition) values ('t', -1)"],
  ['54001', "select repeat('[', 1000000)::json"],
  // The code of the stop before a wraparound; it has no other.
  [
    '54000',
    "do $$ begin raise exception 'database is not accepting commands' using errcode = '54000'; end $$",
  ],
  ['42501', 'set role to latchkey_relay; select from fact'],
  ['53400', "do $$ begin raise exception 'limit' using errcode = '53400'; end $$"],
];

test.each(SYSTEM)('%s is no error of the data: %s', async (code, statement) => {
  const error = await errorOf(statement);
  expect(error).toMatchObject({ code });
  expect(isDataError(error)).toBe(false);
});

test('connecting to a missing database is no error of the data', async () => {
  const url = new URL(database.url);
  url.pathname = '/nobody_made_this';
  const client = new Client({ connectionString: url.href });
  const error: unknown = await client.connect().catch((failed: unknown) => failed);
  expect(error).toMatchObject({ code: '3D000' });
  expect(isDataError(error)).toBe(false);
});
