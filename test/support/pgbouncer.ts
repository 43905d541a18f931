import { spawn, spawnSync } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { freePorts } from '../../tools/stack/local/ports.ts';
import { eventually } from './eventually.ts';
import type { Pooler } from './pooler.ts';

const UNPRIVILEGED_ID = 65_534;

/** True if PgBouncer is installed. */
export function hasPgBouncer(): boolean {
  return spawnSync('pgbouncer', ['--version']).status === 0;
}

/** A real PgBouncer in front of a database. */
export async function openPgBouncer(
  url: string,
  mode: 'session' | 'transaction' | 'statement',
): Promise<Pooler> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-pgbouncer-'));
  const [port = 0] = await freePorts(1);
  const server = new URL(url);
  const database = server.pathname.slice(1);
  const file = join(folder, 'pgbouncer.ini');
  await writeFile(
    file,
    `[databases]
${database} = host=${server.hostname} port=${server.port} dbname=${database} user=${server.username} password=${server.password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = ${mode}
`,
    { mode: 0o644 },
  );
  await chmod(folder, 0o755);
  const isRoot = process.getuid?.() === 0;
  const child = spawn('pgbouncer', [file], {
    stdio: 'ignore',
    ...(isRoot ? { uid: UNPRIVILEGED_ID, gid: UNPRIVILEGED_ID } : {}),
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  server.hostname = '127.0.0.1';
  server.port = String(port);
  await eventually('PgBouncer answers', () => answers(server.href), Boolean);
  return {
    url: server.href,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await ended;
      await rm(folder, { recursive: true });
    },
  };
}

async function answers(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url });
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
