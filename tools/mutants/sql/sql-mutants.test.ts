import { expect, test } from 'vitest';
import { applied, mutantsOf } from '../mutant.ts';
import { sqlChangesOf } from './sql-mutants.ts';

/** What each operator makes of the SQL, in the order of the text. */
function changed(sqlText: string): Readonly<Record<string, readonly string[]>> {
  const file = `const q = sql\`${sqlText}\`;`;
  const mutants = mutantsOf('sql', 'q.ts', file, sqlChangesOf('q.ts', file));
  const sorted = mutants.toSorted((a, b) => a.start - b.start || a.end - b.end);
  const made = sorted.map((mutant) => {
    const text = applied(file, mutant);
    return { operator: mutant.operator.slice('sql: '.length), text: text.slice(14, -2) };
  });
  const byOperator = Map.groupBy(made, ({ operator }) => operator);
  return Object.fromEntries([...byOperator].map(([name, own]) => [name, own.map((o) => o.text)]));
}

test('a comparison is moved to its border and turned round; an assignment is none', () => {
  expect(changed('update t set a = 1 where b < 2')).toEqual({
    comparison: ['update t set a = 1 where b <= 2', 'update t set a = 1 where b >= 2'],
    'predicate dropped': ['update t set a = 1 where true'],
  });
  expect(changed('select a from t where b = 2')['comparison']).toEqual([
    'select a from t where b <> 2',
  ]);
});

test('each condition is dropped alone, and leaves the others: true beside and, false beside or', () => {
  expect(changed('select 1 from t where a = 1 and b between 2 and 3 limit 1')).toMatchObject({
    'predicate dropped': [
      'select 1 from t where true and b between 2 and 3 limit 1',
      'select 1 from t where a = 1 and true limit 1',
    ],
    'and, or': ['select 1 from t where a = 1 or b between 2 and 3 limit 1'],
    'limit dropped': ['select 1 from t where a = 1 and b between 2 and 3 '],
  });
  expect(changed('select 1 from t where (a or exists (select from u))')).toMatchObject({
    'and, or': ['select 1 from t where (a and exists (select from u))'],
    contrary: ['select 1 from t where (a or not exists (select from u))'],
    'predicate dropped': ['select 1 from t where true', 'select 1 from t where (a or false)'],
  });
});

test('null and distinct are asked for the contrary', () => {
  expect(changed('select a is not null, b is distinct from c')['contrary']).toEqual([
    'select a is null, b is distinct from c',
    'select a is not null, b is not distinct from c',
  ]);
});

test('an order is dropped and reversed, within its own brackets', () => {
  const made = changed('select x from (select a from t order by a, b desc) as o for update');
  expect(made).toEqual({
    'order dropped': ['select x from (select a from t ) as o for update'],
    'order reversed': ['select x from (select a from t order by a, b ) as o for update'],
    'lock dropped': ['select x from (select a from t order by a, b desc) as o '],
  });
});

test('locks and their skipping are dropped', () => {
  expect(changed('select a from t for no key update of t skip locked')).toEqual({
    'lock dropped': ['select a from t '],
    'skip locked dropped': ['select a from t for no key update of t '],
  });
});

test('a conflict is an error, or does nothing where it updated', () => {
  expect(changed('insert into t values (1) on conflict (a) do nothing returning a')).toEqual({
    'on conflict dropped': ['insert into t values (1)  returning a'],
  });
  expect(
    changed('insert into t values (1) on conflict (a) do update set b = 2')[
      'conflict does nothing'
    ],
  ).toEqual(['insert into t values (1) on conflict (a) do nothing']);
});

test('one assignment of several is dropped, with its comma', () => {
  const made = changed('update t set a = f(1, 2), b = 3, c = 4 where d');
  expect(made['assignment dropped']).toEqual([
    'update t set  b = 3, c = 4 where d',
    'update t set a = f(1, 2), c = 4 where d',
    'update t set a = f(1, 2), b = 3 where d',
  ]);
});

test('aggregates, units, arithmetic, distinct and coalesce are others', () => {
  expect(changed('select distinct max(a) + 1, coalesce(b, 0), make_interval(days => $1)')).toEqual({
    aggregate: ['select distinct min(a) + 1, coalesce(b, 0), make_interval(days => $1)'],
    arithmetic: ['select distinct max(a) - 1, coalesce(b, 0), make_interval(days => $1)'],
    unit: ['select distinct max(a) + 1, coalesce(b, 0), make_interval(hours => $1)'],
    'distinct dropped': ['select  max(a) + 1, coalesce(b, 0), make_interval(days => $1)'],
    'coalesce dropped': ['select distinct max(a) + 1, coalesce(b), make_interval(days => $1)'],
  });
});

test('texts, names in quotes and parameters are left as they are', () => {
  expect(changed('select \'a < b and c\' as "limit", ${x < 1 ? sql`a` : sql`b`}')).toEqual({});
});

test('SQL in a parameter is changed in place', () => {
  expect(changed('select 1 where ${sql`a is null`}')).toMatchObject({
    contrary: ['select 1 where ${sql`a is not null`}'],
  });
});
