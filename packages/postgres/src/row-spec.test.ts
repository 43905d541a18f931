import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { encodeRows, selectRows } from './row-parameters.ts';
import { differs, pickColumns, rowSpec, selectColumns } from './row-spec.ts';
import { builder } from './statement.ts';
import { insertRows, updateRows, upsertRows } from './write-rows.ts';

const CALL = rowSpec(
  'call',
  { callId: 'uuid', digest: 'hex', endedAtMs: 'ms?', version: 'bigint' },
  { key: ['callId'], fixed: ['digest'], names: { version: 'generation' }, order: 'key' },
);
const RAW = rowSpec(
  'raw',
  { id: 'text', body: 'bytea?', offset: 'bigint', atMs: 'ms' },
  {
    key: ['id'],
    encoding: 'array',
  },
);

function textOf(query: ReturnType<typeof sql>): string {
  return query.compile(builder).sql.replace(/\s+/g, ' ').trim();
}

const p = { callId: '', digest: '', endedAtMs: '', version: '' };
const GIVEN = `select "call_id", decode("digest", 'hex') as "digest", to_timestamp("ended_at"::double precision / 1000) as "ended_at", "generation", ordinal from unnest(string_to_array($1, E'\\x1f', E'\\x1e')::uuid[], string_to_array($2, E'\\x1f', E'\\x1e')::text[], string_to_array($3, E'\\x1f', E'\\x1e')::bigint[], string_to_array($4, E'\\x1f', E'\\x1e')::bigint[]) with ordinality as given ("call_id", "digest", "ended_at", "generation", "ordinal")`;

test('rows are one text a column, by property, and no other property counts', () => {
  const rows = [
    { callId: 'a', digest: 'ff', endedAtMs: undefined, version: 1n, more: 'x' },
    { callId: 'b', digest: '00', endedAtMs: 5, version: 2n },
  ];
  expect(encodeRows(CALL, rows)).toEqual({
    callId: 'a\u001fb',
    digest: 'ff\u001f00',
    endedAtMs: '\u001e\u001f5',
    version: '1\u001f2',
  });
});

test('rows with any bytes and characters are one array a column', () => {
  const body = Buffer.from([0, 0x1f]);
  const rows = [
    { id: '', body, offset: 1n, atMs: 0.5 },
    { id: '\u001f', body: null, offset: 2n, atMs: 1 },
  ];
  expect(encodeRows(RAW, rows)).toEqual({
    id: ['', '\u001f'],
    body: [body, null],
    offset: ['1', '2'],
    atMs: [0.5, 1],
  });
  expect(textOf(selectRows(RAW, { id: [], body: [], offset: [], atMs: [] }))).toBe(
    'select "id", "body", "offset", to_timestamp("at"::double precision / 1000) as "at", ordinal from unnest($1::text[], $2::bytea[], $3::bigint[], $4::double precision[]) with ordinality as given ("id", "body", "offset", "at", "ordinal")',
  );
});

test('the lists of a statement are those of the specification', () => {
  expect(textOf(insertRows(CALL, p))).toBe(
    `insert into "call" ("call_id", "digest", "ended_at", "generation") select "call_id", "digest", "ended_at", "generation" from ( ${GIVEN}) as saved order by "call_id"`,
  );
  expect(textOf(upsertRows(CALL, p))).toBe(
    `${textOf(insertRows(CALL, p))} on conflict ("call_id") do update set "ended_at" = "excluded"."ended_at", "generation" = "excluded"."generation"`,
  );
  expect(textOf(updateRows(CALL, p))).toBe(
    `update "call" set "ended_at" = "saved"."ended_at", "generation" = "saved"."generation" from ( ${GIVEN}) as saved where "call"."call_id" = "saved"."call_id"`,
  );
  expect(textOf(sql`${differs(CALL, 'excluded')}`)).toBe(
    '("call"."ended_at", "call"."generation") is distinct from ("excluded"."ended_at", "excluded"."generation")',
  );
});

test('a part of a specification has the rest of it', () => {
  const part = pickColumns(CALL, ['callId', 'version']);
  expect(textOf(sql`select ${selectColumns(part)}`)).toBe(
    'select "call"."call_id" as "callId", "call"."generation" as "version"',
  );
  expect(part.key.map(({ name }) => name)).toEqual(['call_id']);
  expect(part.updated.map(({ name }) => name)).toEqual(['generation']);
});
