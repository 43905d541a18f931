import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { POSTGRES_SETTINGS } from '../postgres-settings.ts';
import type { ServerSpec } from './guard.ts';
import type { Guard } from './guard-client.ts';
import { freePorts } from './ports.ts';
import type { PostgresProgram } from './postgres-program.ts';
import { whenReady } from './when-ready.ts';

const run = promisify(execFile);
const USER = 'postgres';
const DATABASE = 'latchkey';

/** On a machine without IPv6, PostgreSQL logs that and listens on IPv4 only. */
const OWN_SETTINGS = { listen_addresses: '127.0.0.1,::1', unix_socket_directories: '' } as const;

export interface LocalDatabase {
  readonly url: string;
  readonly stop: (mode: 'fast' | 'immediate') => Promise<void>;
  /** Resolves when it accepts connections again. */
  readonly start: () => Promise<void>;
  /** Copies the data folder of a stopped server; resolves with the name of the copy. */
  readonly copy: () => Promise<string>;
  readonly restore: (copy: string) => Promise<void>;
}

/** Creates and starts a new database cluster. Resolves when it accepts connections. */
export async function startPostgres(
  guard: Guard,
  program: PostgresProgram,
  folder: string,
): Promise<LocalDatabase> {
  const password = randomBytes(12).toString('hex');
  const [port = 0] = await freePorts(1);
  const data = await initialise(guard, program, folder, password);
  const spec = specOf(program, { folder, data, port });
  const url = (name: string): string => `postgres://${USER}:${password}@127.0.0.1:${port}/${name}`;
  let server = await guard.start(spec);
  await whenReady(server, spec, () => answers(url('postgres')));
  await createDatabase(url('postgres'));
  return {
    url: url(DATABASE),
    stop: (mode) => server.stop(mode === 'fast' ? 'SIGINT' : 'SIGQUIT'),
    start: async () => {
      server = await guard.start(spec);
      await whenReady(server, spec, () => answers(url('postgres')));
    },
    ...copiesOf(folder, data),
  };
}

/** `cp` keeps the owner of the files, which Node's `cp` does not. */
function copiesOf(folder: string, data: string): Pick<LocalDatabase, 'copy' | 'restore'> {
  let copies = 0;
  return {
    copy: async () => {
      copies += 1;
      const name = `postgres-copy-${copies}`;
      await run('cp', ['-a', data, join(folder, name)]);
      return name;
    },
    restore: async (name) => {
      await rm(data, { recursive: true });
      await run('cp', ['-a', join(folder, name), data]);
    },
  };
}

async function initialise(
  guard: Guard,
  program: PostgresProgram,
  folder: string,
  password: string,
): Promise<string> {
  const data = join(folder, 'postgres');
  const passwordFile = join(folder, 'password');
  await mkdir(data, { mode: 0o700 });
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (program.owner !== undefined) {
    await chown(data, program.owner.uid, program.owner.gid);
    await chown(passwordFile, program.owner.uid, program.owner.gid);
  }
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin'];
  const access = [`--username=${USER}`, `--pwfile=${passwordFile}`, '--auth=scram-sha-256'];
  await guard.run({
    name: 'initdb',
    command: program.initdb,
    args: [`--pgdata=${data}`, ...locale, '--builtin-locale=C.UTF-8', ...access, '--no-sync'],
    cwd: folder,
    env: { LC_ALL: 'C' },
    owner: program.owner,
    logFile: join(folder, 'initdb.log'),
    stop: [],
    onOrphaned: 'SIGKILL',
  });
  await rm(passwordFile);
  return data;
}

function specOf(
  program: PostgresProgram,
  at: { readonly folder: string; readonly data: string; readonly port: number },
): ServerSpec {
  const all = { ...POSTGRES_SETTINGS, ...OWN_SETTINGS };
  const settings = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return {
    name: 'postgres',
    command: program.postgres,
    args: ['-D', at.data, '-p', String(at.port), ...settings],
    cwd: at.folder,
    env: { LC_ALL: 'C' },
    owner: program.owner,
    logFile: join(at.folder, 'postgres.log'),
    stop: [
      { signal: 'SIGINT', graceMs: 3_000 },
      { signal: 'SIGQUIT', graceMs: 2_000 },
    ],
    onOrphaned: 'SIGQUIT',
  };
}

async function answers(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function createDatabase(url: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(`create database ${DATABASE}`);
  await client.end();
}
