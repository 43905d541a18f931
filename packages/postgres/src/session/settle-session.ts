import { randomUUID } from 'node:crypto';
import { Failure } from '@latchkey/contracts';
import type pg from 'pg';
import { sqlStateOf } from '../sql-state.ts';
import { DEMANDED_SETTINGS, type SessionSettings } from './profile.ts';
import { MARK } from './session-mark.ts';

/** How a new connection is set up. */
export interface SessionWanted {
  readonly settings: SessionSettings;
  /** Set with `set role`; undefined keeps the login. */
  readonly role: string | undefined;
}

/** A session after it was set up. */
export interface SettledSession {
  /** Unique: another session of the server that shows it is this one. */
  readonly mark: string;
  /** The session is not that of the connection's handshake: there is a pooler. */
  readonly isPooled: boolean;
}

/**
 * Sets up a new connection in one round trip, independent of the settings of server, database, login, URL and pooler,
 * and reads everything back.
 *
 * @throws Failure DATABASE_SESSION with a sentence for each setting that is not what was set
 * @throws RoleRefusedError where the login may not use the role, or there is none
 */
export async function settleSession(
  client: pg.ClientBase,
  wanted: SessionWanted,
): Promise<SettledSession> {
  const mark = randomUUID();
  const { settings, role } = wanted;
  const set = client.query(settingText({ ...settings, [MARK]: mark }));
  const roleSet = client.query(role === undefined ? 'select' : `set role to ${role}`);
  const read = client.query<Record<string, string>>(readingText(settings));
  const [settingDone, roleDone, reading] = await Promise.allSettled([set, roleSet, read]);
  if (settingDone.status === 'rejected') throw settingDone.reason;
  if (roleDone.status === 'rejected') throw asRefusedRole(roleDone.reason, role);
  if (reading.status === 'rejected') throw reading.reason;
  const found = reading.value.rows[0] ?? {};
  const expected = { ...settings, ...DEMANDED_SETTINGS, [MARK]: mark };
  const problems = [...differencesOf(expected, found), ...roleProblems(role, found)];
  if (problems.length > 0) throw new Failure('DATABASE_SESSION', { problems });
  return { mark, isPooled: Number(found['pid']) !== handshakePid(client) };
}

/** The login may not use the role, or there is none: `grant` corrects it while the service waits. */
export class RoleRefusedError extends Error {
  override readonly name = 'RoleRefusedError';
}

/** `SET` needs no search path, so that no function of the login can replace it. */
function settingText(settings: SessionSettings): string {
  return Object.entries(settings)
    .map(([name, value]) => `set ${name} to ${literalsOf(name, value)}`)
    .join('; ');
}

function literalsOf(name: string, value: string): string {
  const values = name === 'search_path' || name === 'DateStyle' ? value.split(', ') : [value];
  return values.map((one) => `'${one}'`).join(', ');
}

function readingText(settings: SessionSettings): string {
  const names = [...Object.keys(settings), ...Object.keys(DEMANDED_SETTINGS), MARK];
  const columns = names.map((name) => `pg_catalog.current_setting('${name}', true) as "${name}"`);
  const who = 'current_user as "role", pg_catalog.pg_backend_pid() as "pid"';
  return `select ${columns.join(', ')}, ${who}`;
}

function differencesOf(
  expected: SessionSettings,
  found: Readonly<Record<string, unknown>>,
): readonly string[] {
  return Object.entries(expected).flatMap(([name, value]) => {
    if (found[name] === value) return [];
    return [`${name} is ${shown(found[name])} instead of ${value}`];
  });
}

function roleProblems(
  role: string | undefined,
  found: Readonly<Record<string, unknown>>,
): readonly string[] {
  if (role === undefined || found['role'] === role) return [];
  return [`the session works as ${shown(found['role'])} instead of ${role}`];
}

function shown(value: unknown): string {
  return typeof value === 'string' && value !== '' ? value : 'unset';
}

function asRefusedRole(cause: unknown, role = ''): unknown {
  const state = sqlStateOf(cause);
  if (state === undefined) return cause;
  const message = `the login cannot take on the role ${role} (SQLSTATE ${state}): grant ${role} to it`;
  return new RoleRefusedError(message, { cause });
}

/** The process id of the handshake; pg has it, and does not declare it. */
function handshakePid(client: pg.ClientBase): number | undefined {
  return (client as pg.ClientBase & { readonly processID?: number }).processID;
}
