import { type RawBuilder, sql } from 'kysely';

/** What values of a column are in TypeScript. Bytes are hexadecimal text (`hex`) or a Buffer, instants milliseconds since 1970. */
interface Values {
  text: string;
  uuid: string;
  bigint: bigint;
  integer: number;
  hex: string;
  bytea: Buffer;
  ms: number;
}

/** The type of a column; with `?` it may be null. */
type ColumnType = keyof Values | `${keyof Values}?`;

/** The columns of a table that are written together, by the property of a row that contains the value. */
export type Columns = Readonly<Record<string, ColumnType>>;

export interface Column {
  readonly property: string;
  /** In the table. */
  readonly name: string;
  readonly type: keyof Values;
}

/** Which columns of which table a statement writes or reads: lists, parameters and types of rows are derived from it. */
export interface RowSpec<C extends Columns> {
  readonly table: string;
  /** Only carries the types of the columns. */
  readonly types?: C | undefined;
  readonly columns: readonly Column[];
  readonly key: readonly Column[];
  /** Changed by `upsertRows` and `updateRows`: neither key nor fixed. */
  readonly updated: readonly Column[];
  /** `text`: one text a column (`textColumn`). `array`: one array a column, for rare rows with any bytes and characters. */
  readonly encoding: 'text' | 'array';
  /** In which order rows are inserted: as given, or by their key. */
  readonly order: 'given' | 'key';
}

interface SpecOptions<P> {
  readonly key: readonly P[];
  /** Inserted, and never updated. */
  readonly fixed?: readonly P[];
  readonly encoding?: 'text' | 'array';
  readonly order?: 'given' | 'key';
  /** Names of columns that are not those of their properties. */
  readonly names?: { readonly [K in P & string]?: string };
}

/**
 * @param types - by property. The column of `requestedAtMs` is `requested_at` where its type is `ms`, of `accountId`
 *   `account_id`
 */
export function rowSpec<const C extends Columns>(
  table: string,
  types: C,
  options: SpecOptions<keyof C & string>,
): RowSpec<C> {
  const { key, fixed = [], encoding = 'text', order = 'given', names = {} } = options;
  const columns = Object.entries(types).map(([property, type]): Column => {
    const plain = type.replace('?', '') as keyof Values;
    const own = (names as Readonly<Record<string, string>>)[property];
    return { property, name: own ?? columnName(property, plain), type: plain };
  });
  const among = (some: readonly string[], { property }: Column): boolean => some.includes(property);
  return {
    table,
    columns,
    key: columns.filter((column) => among(key, column)),
    updated: columns.filter((column) => !among(key, column) && !among(fixed, column)),
    encoding,
    order,
  };
}

function columnName(property: string, type: keyof Values): string {
  const stem = type === 'ms' ? property.replace(/Ms$/, '') : property;
  return stem.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** The same with some of its columns. */
export function pickColumns<C extends Columns, P extends keyof C & string>(
  spec: RowSpec<C>,
  properties: readonly P[],
): RowSpec<Pick<C, P>> {
  const some = ({ property }: Column): boolean =>
    (properties as readonly string[]).includes(property);
  return {
    ...spec,
    types: undefined,
    columns: spec.columns.filter(some),
    key: spec.key.filter(some),
    updated: spec.updated.filter(some),
  };
}

type Value<T extends ColumnType, Absent> = T extends `${infer B extends keyof Values}?`
  ? Values[B] | Absent
  : T extends keyof Values
    ? Values[T]
    : never;

type ColumnsOf<S> = S extends RowSpec<infer C> ? C : never;

/** A row as it is read: null where a column is null. */
export type RowOf<S> = {
  readonly [K in keyof ColumnsOf<S>]: Value<ColumnsOf<S>[K], null>;
};

/** A row to be written: undefined where a column becomes null. */
export type NewRowOf<S> = {
  readonly [K in keyof ColumnsOf<S>]: Value<ColumnsOf<S>[K], undefined>;
};

/** A row to be written, read or made before. */
export type AnyRowOf<S> = {
  readonly [K in keyof ColumnsOf<S>]: Value<ColumnsOf<S>[K], null | undefined>;
};

/** `verification_id, state, …` */
export function listColumns({ columns }: Pick<RowSpec<Columns>, 'columns'>): RawBuilder<unknown> {
  return sql.join(columns.map(({ name }) => sql.ref(name)));
}

/** `verification.verification_id as "verificationId", …` */
export function selectColumns<C extends Columns>({
  table,
  columns,
}: RowSpec<C>): RawBuilder<unknown> {
  return sql.join(
    columns.map(
      ({ name, property }) => sql`${sql.ref(`${table}.${name}`)} as ${sql.ref(property)}`,
    ),
  );
}

/** `state = saved.state, …` of the columns that are updated. */
export function setColumns<C extends Columns>(
  { updated }: RowSpec<C>,
  from: string,
): RawBuilder<unknown> {
  return sql.join(updated.map(({ name }) => sql`${sql.ref(name)} = ${sql.ref(`${from}.${name}`)}`));
}

/** `account.account_id = saved.account_id and …` */
export function matchKey<C extends Columns>(
  { table, key }: RowSpec<C>,
  from: string,
): RawBuilder<unknown> {
  const equal = key.map(
    ({ name }) => sql`${sql.ref(`${table}.${name}`)} = ${sql.ref(`${from}.${name}`)}`,
  );
  return sql.join(equal, sql` and `);
}

/** True where a column that is updated would change; null is a value. */
export function differs<C extends Columns>(
  { table, updated }: RowSpec<C>,
  from: string,
): RawBuilder<unknown> {
  const rowOf = (alias: string): RawBuilder<unknown> =>
    sql.join(updated.map(({ name }) => sql.ref(`${alias}.${name}`)));
  return sql`(${rowOf(table)}) is distinct from (${rowOf(from)})`;
}
