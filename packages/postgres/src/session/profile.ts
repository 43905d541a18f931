/** What a connection is for: how long its statements may take, and how they are planned. */
export type Purpose = 'service' | 'command' | 'repair' | 'migration';

/** Settings of a session, by name. Each value is spelled as the server shows it, so that it can be compared. */
export type SessionSettings = Readonly<Record<string, string>>;

export interface SessionProfile {
  readonly settings: SessionSettings;
  /** Above every time-out of the server: for a server that vanished. */
  readonly queryTimeoutMs: number;
}

/**
 * What changes the meaning of statements and results. No default of a server, a database or a login counts, except
 * `default_transaction_read_only`: a database that an operator makes read-only is read-only for services too, and they wait.
 */
const MEANING: SessionSettings = {
  client_encoding: 'UTF8',
  TimeZone: 'UTC',
  DateStyle: 'ISO, MDY',
  IntervalStyle: 'postgres',
  bytea_output: 'hex',
  extra_float_digits: '1',
  xmlbinary: 'base64',
  xmloption: 'content',
  // Before the path, which is shown with it.
  quote_all_identifiers: 'off',
  search_path: 'public',
  standard_conforming_strings: 'on',
  backslash_quote: 'safe_encoding',
  array_nulls: 'on',
  transform_null_equals: 'off',
  // A policy that would hide rows is an error.
  row_security: 'off',
  default_transaction_isolation: 'read committed',
  default_transaction_deferrable: 'off',
  synchronous_commit: 'on',
  exit_on_error: 'off',
  check_function_bodies: 'on',
  // Set by the session that has the lock of a topic, for as long as it has it.
  idle_session_timeout: '0',
};

/** A client that pauses while it has locked a lane or an identity stops every other. */
const BRIEF: SessionSettings = {
  idle_in_transaction_session_timeout: '2s',
  lock_timeout: '10s',
  statement_timeout: '1min',
  transaction_timeout: '90s',
};

/** What plans may not do where every event is paid for (ADR 0021). */
const PLANS: SessionSettings = {
  // Plans for the rows of one batch read whole tables while these are small, and are made again each time.
  plan_cache_mode: 'force_generic_plan',
  // And those that were made while a table was empty must not read all of it when it has grown.
  enable_seqscan: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  // One index descent a row of the batch; each bitmap would be built for one or two rows.
  enable_bitmapscan: 'off',
  // The remaining plan types are switched on, since a login may have switched them off.
  enable_indexscan: 'on',
  enable_indexonlyscan: 'on',
  enable_nestloop: 'on',
  enable_sort: 'on',
  // Where there is no other plan, PostgreSQL 17 makes one of these so dear that it would compile it.
  jit: 'off',
};

/** Reads whole lanes and tables of any size; its locks last for one bounded piece. */
const REPAIR: SessionSettings = {
  idle_in_transaction_session_timeout: '10s',
  lock_timeout: '10s',
  statement_timeout: '30min',
  transaction_timeout: '1h',
};

/** Changes whole tables, with PostgreSQL's own planning. Sessions queue behind it while it waits for a lock, so it tries again instead. */
const MIGRATION: SessionSettings = {
  idle_in_transaction_session_timeout: '1min',
  lock_timeout: '3s',
  statement_timeout: '1d',
  transaction_timeout: '1d',
};

const SECOND_MS = 1_000;
const HOUR_MS = 3_600 * SECOND_MS;

/** The one table of how sessions are set up. */
export const SESSION_PROFILES: Readonly<Record<Purpose, SessionProfile>> = {
  service: {
    settings: { ...MEANING, ...BRIEF, ...PLANS },
    queryTimeoutMs: 95 * SECOND_MS,
  },
  command: {
    settings: { ...MEANING, ...BRIEF, ...PLANS },
    queryTimeoutMs: 95 * SECOND_MS,
  },
  repair: {
    settings: { ...MEANING, ...REPAIR, ...PLANS },
    queryTimeoutMs: HOUR_MS + 5 * SECOND_MS,
  },
  migration: {
    settings: { ...MEANING, ...MIGRATION },
    queryTimeoutMs: 24 * HOUR_MS + 5 * SECOND_MS,
  },
};

/**
 * What a session must have, and most logins may not set: with `replica` no trigger refuses the change of a
 * terminal state.
 */
export const DEMANDED_SETTINGS: SessionSettings = {
  session_replication_role: 'origin',
  // Another one lacks characters, and each event with one of these would be poison.
  server_encoding: 'UTF8',
};
