import type { TestDatabase } from './database.ts';

/** Unusual values of every setting that a database or a login can preset and that changes the meaning of SQL or of values. */
export const FOREIGN_DEFAULTS: Readonly<Record<string, string>> = {
  client_encoding: "'LATIN1'",
  TimeZone: "'Asia/Kathmandu'",
  DateStyle: "'German, DMY'",
  IntervalStyle: "'sql_standard'",
  bytea_output: "'escape'",
  extra_float_digits: '-15',
  xmlbinary: "'hex'",
  xmloption: "'document'",
  search_path: 'elsewhere, public',
  standard_conforming_strings: "'off'",
  backslash_quote: "'on'",
  array_nulls: "'off'",
  transform_null_equals: "'on'",
  quote_all_identifiers: "'on'",
  default_transaction_isolation: "'serializable'",
  default_transaction_deferrable: "'on'",
  synchronous_commit: "'off'",
  exit_on_error: "'on'",
  check_function_bodies: "'off'",
  lock_timeout: "'1ms'",
  statement_timeout: "'7s'",
  transaction_timeout: "'7s'",
  idle_in_transaction_session_timeout: "'7s'",
  idle_session_timeout: "'7s'",
  enable_indexscan: "'off'",
  enable_nestloop: "'off'",
  enable_seqscan: "'on'",
  plan_cache_mode: "'force_custom_plan'",
};

/** A login that is no superuser and has the roles of the services. Disposing drops it. */
export interface TestLogin extends AsyncDisposable {
  readonly name: string;
  readonly url: string;
}

export async function createLogin(database: TestDatabase, attributes = ''): Promise<TestLogin> {
  const name = `login_${database.name}`;
  await database.query(`create role ${name} login password 'secret' ${attributes}`);
  const url = new URL(database.url);
  url.username = name;
  url.password = 'secret';
  return {
    name,
    url: url.href,
    [Symbol.asyncDispose]: async () => {
      await database.query(`drop owned by ${name} cascade`);
      await database.query(`drop role ${name}`);
    },
  };
}

/**
 * Creates a login whose sessions have all of these presets, by the role, by the database and by its URL;
 * an empty table `inbox` comes first in its search path.
 */
export async function createForeignLogin(database: TestDatabase): Promise<TestLogin> {
  const login = await createLogin(
    database,
    'in role latchkey_reconciler, latchkey_relay, latchkey_operator',
  );
  await database.query('create schema elsewhere; create table elsewhere.inbox (nothing integer)');
  await database.query('grant usage on schema elsewhere to public');
  await database.query(`alter database ${database.name} set timezone to 'Asia/Tokyo'`);
  for (const [name, value] of Object.entries(FOREIGN_DEFAULTS)) {
    await database.query(`alter role ${login.name} set ${name} to ${value}`);
  }
  const url = new URL(login.url);
  url.searchParams.set('options', '-c timezone=America/Caracas -c bytea_output=escape');
  return { ...login, url: url.href };
}
