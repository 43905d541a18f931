import { expect, test } from 'vitest';
import { statementsOf } from './statements.ts';

test('a statement extends from the start to the end of its call, with any types and pieces', () => {
  const first =
    "statement<{ a: string }, R>('first', (p) => sql`select ${p.a} from (${piece}) as t`)";
  const second = "statement('second', () => builder.selectFrom('t'))";
  const text = `const piece = sql\`select 1\`;\nexport const a = ${first};\nconst b = ${second};\n`;

  const found = statementsOf('a.ts', text).map(({ name, start, end }) => [
    name,
    text.slice(start, end),
  ]);

  expect(found).toEqual([
    ['first', first],
    ['second', second],
  ]);
});
