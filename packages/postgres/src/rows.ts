import { type RawBuilder, sql } from 'kysely';
import { textColumn } from './text-column.ts';

type Cell = string | number | bigint | null | undefined;

/** The type of a column: a PostgreSQL type name, with `hex` for bytes and `ms` for instants. */
type ColumnType = 'text' | 'uuid' | 'bigint' | 'integer' | 'hex' | 'ms';

/** Many rows as parameters: one text per column. */
export type RowColumns<C extends Readonly<Record<string, ColumnType>>> = {
  readonly [K in keyof C]: string;
};

/** One row of such parameters. Bytes are given as hexadecimal text, instants as milliseconds. */
export type Row<C extends Readonly<Record<string, ColumnType>>> = {
  readonly [K in keyof C]: Cell;
};

/** Turns rows into one text parameter per column. */
export function columnsOf<C extends Readonly<Record<string, ColumnType>>>(
  columns: C,
  rows: readonly Row<C>[],
): RowColumns<C> {
  const texts: Record<string, string> = {};
  for (const name of Object.keys(columns)) texts[name] = textColumn(rows.map((row) => row[name]));
  return texts as RowColumns<C>;
}

/** `select … from unnest(…)` of such parameters, in the order given, with a column `ordinal`. */
export function selectRows<C extends Readonly<Record<string, ColumnType>>>(
  columns: C,
  parameters: RowColumns<C>,
): RawBuilder<unknown> {
  const names = Object.keys(columns);
  const arrays = names.map((name) => arrayOf(columns[name] as ColumnType, parameters[name] ?? ''));
  const outputs = names.map((name) => outputOf(columns[name] as ColumnType, name));
  return sql`
    select ${sql.join(outputs)}, ordinal
    from unnest(${sql.join(arrays)}) with ordinality as given (${sql.join([...names, 'ordinal'].map((name) => sql.ref(name)))})`;
}

function arrayOf(type: ColumnType, parameter: string): RawBuilder<unknown> {
  const sqlType = type === 'hex' ? 'text' : type === 'ms' ? 'bigint' : type;
  return sql`string_to_array(${parameter}, E'\\x1f', E'\\x1e')::${sql.raw(sqlType)}[]`;
}

function outputOf(type: ColumnType, name: string): RawBuilder<unknown> {
  const column = sql.ref(name);
  if (type === 'hex') return sql`decode(${column}, 'hex') as ${column}`;
  if (type === 'ms') return sql`to_timestamp(${column}::double precision / 1000) as ${column}`;
  return sql`${column}`;
}
