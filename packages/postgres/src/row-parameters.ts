import { type RawBuilder, sql } from 'kysely';
import type { AnyRowOf, Column, Columns, RowSpec } from './row-spec.ts';
import { textColumn } from './text-column.ts';

type ArrayElement = string | number | Buffer | null;

/** Many rows as parameters of a statement: one a column, by property; see `RowSpec.encoding`. */
export type RowParameters<S> =
  S extends RowSpec<infer C>
    ? { readonly [K in keyof C]: string | readonly ArrayElement[] }
    : never;

/** Encodes rows as one parameter a column. Properties that the specification does not name are ignored. */
export function encodeRows<C extends Columns>(
  { columns, encoding }: RowSpec<C>,
  rows: readonly AnyRowOf<RowSpec<C>>[],
): RowParameters<RowSpec<C>> {
  const encode = encoding === 'text' ? textColumn : arrayColumn;
  const parameters: Record<string, unknown> = {};
  for (const { property } of columns) {
    const cells = new Array<Cell>(rows.length);
    for (let row = 0; row < rows.length; row += 1) {
      cells[row] = (rows[row] as Readonly<Record<string, Cell>>)[property];
    }
    parameters[property] = encode(cells as never[]);
  }
  return parameters as RowParameters<RowSpec<C>>;
}

type Cell = string | number | bigint | Buffer | null | undefined;

function arrayColumn(cells: readonly Cell[]): readonly ArrayElement[] {
  return cells.map((cell) => (typeof cell === 'bigint' ? String(cell) : (cell ?? null)));
}

/** `select … from unnest(…)` of such parameters, in the order given, with a column `ordinal`. */
export function selectRows<C extends Columns>(
  { columns, encoding }: RowSpec<C>,
  parameters: RowParameters<RowSpec<C>>,
): RawBuilder<unknown> {
  const arrayOf = encoding === 'text' ? splitText : castArray;
  const names = [...columns.map(({ name }) => name), 'ordinal'];
  const arrays = columns.map((column) =>
    arrayOf(column, (parameters as Readonly<Record<string, unknown>>)[column.property]),
  );
  return sql`
    select ${sql.join(columns.map(asColumn))}, ordinal
    from unnest(${sql.join(arrays)}) with ordinality as given (${sql.join(names.map((name) => sql.ref(name)))})`;
}

function splitText({ type }: Column, parameter: unknown): RawBuilder<unknown> {
  const sqlType = type === 'hex' ? 'text' : type === 'ms' ? 'bigint' : type;
  return sql`string_to_array(${parameter}, E'\\x1f', E'\\x1e')::${sql.raw(sqlType)}[]`;
}

function castArray({ type }: Column, parameter: unknown): RawBuilder<unknown> {
  const sqlType = type === 'hex' ? 'text' : type === 'ms' ? 'double precision' : type;
  return sql`${parameter}::${sql.raw(sqlType)}[]`;
}

function asColumn({ name, type }: Column): RawBuilder<unknown> {
  const column = sql.ref(name);
  if (type === 'hex') return sql`decode(${column}, 'hex') as ${column}`;
  if (type === 'ms') return sql`to_timestamp(${column}::double precision / 1000) as ${column}`;
  return sql`${column}`;
}
