import {
  type Compilable,
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type RawBuilder,
} from 'kysely';
import type { DB as Database } from './schema.ts';

/** One SQL statement with named parameters: built once, prepared by name on each connection that runs it. */
export interface Statement<P, R> {
  /** At most 63 bytes, unique in the process: it is the name of the prepared statement. */
  readonly name: string;
  readonly text: string;
  /** The parameters of $1, $2, …; the same one may occur more than once. */
  readonly parameters: readonly (keyof P & string)[];
  /** Only carries the type of a row. */
  readonly row?: R;
}

/** Builds statements; it has no connection and can run nothing. */
export const builder = new Kysely<Database>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
});

const names = new Set<string>();

/** The names of all statements that were compiled in this process, in the order of their compilation. */
export function listStatements(): readonly string[] {
  return [...names];
}

/**
 * Compiles a statement. `build` receives one marker per parameter and places it like a value, in
 * the `sql` tag or in the query builder.
 *
 * @throws RangeError when the name is longer than a prepared statement's may be or in use, or when
 *   something other than a parameter was placed as a value
 */
export function statement<P extends object, R>(
  name: string,
  build: (parameter: Readonly<P>) => RawBuilder<R> | Compilable<R>,
): Statement<P, R> {
  if (Buffer.byteLength(name) > 63) throw new RangeError(`statement name too long: ${name}`);
  if (names.has(name)) throw new RangeError(`two statements are called ${name}`);
  const query = build(markers<P>());
  const compiled = query.compile(builder);
  const parameters = compiled.parameters.map((value) => {
    if (value instanceof Marker) return value.name as keyof P & string;
    throw new RangeError(`statement ${name} contains a value; make it a parameter`);
  });
  names.add(name);
  return { name, text: compiled.sql, parameters };
}

class Marker {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

function markers<P extends object>(): Readonly<P> {
  return new Proxy({} as P, { get: (_, name) => new Marker(String(name)) });
}
