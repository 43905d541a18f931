import { execFile } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Stack } from '../../../tools/stack/stack.ts';
import { eventually } from '../../support/eventually.ts';
import type { Arena } from '../arena/arena.ts';
import { type Disaster, formatSecondsSince } from './disaster.ts';
import { LIMIT_MS } from './limits.ts';

const SECTION = 'The database refuses writes: disk full, read-only';
const execute = promisify(execFile);
const DISK = 'size=80m';
const TABLESPACE = 'small_disk';

/** The disk of PostgreSQL is full, then has free space again. */
export const diskFull: Disaster = {
  section: SECTION,
  arena: async (stack, owned) => {
    const folder = await mountSmallDisk(stack, owned);
    return {
      prepare: async ({ query, name }) => {
        await query(`create tablespace ${TABLESPACE} location '${folder}'`);
        await onPostgres(stack, `alter database ${name} set tablespace ${TABLESPACE}`);
      },
    };
  },
  run: async ({ arena, load, print }) => {
    await fill(arena);
    await untilLogged(arena, '53100');
    print('full');
    for (let waves = 0; waves < 3; waves += 1) await load.wave();
    await arena.database.query('drop table filler');
    await arena.database.query('checkpoint');
    const startedMs = performance.now();
    await load.untilPublished();
    return `resumed ${formatSecondsSince(startedMs)} after space was freed`;
  },
};

/** PostgreSQL is read-only, then writable again. */
export const readOnly: Disaster = {
  section: SECTION,
  run: async ({ arena, load, print }) => {
    const { query } = arena.database;
    await query('alter system set default_transaction_read_only = on');
    await query('select pg_reload_conf()');
    await untilLogged(arena, '25006');
    print('read-only');
    for (let waves = 0; waves < 3; waves += 1) await load.wave();
    await query('alter system reset default_transaction_read_only');
    await query('select pg_reload_conf()');
    const startedMs = performance.now();
    await load.untilPublished();
    return `resumed ${formatSecondsSince(startedMs)} after it was writable`;
  },
};

/** Mounts a file system for PostgreSQL alone. Needs the right to mount. */
async function mountSmallDisk(stack: Stack, owned: AsyncDisposableStack): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-disk-'));
  owned.defer(() => rm(folder, { recursive: true, force: true }));
  const { uid, gid } = await stat(join(stack.traces?.folder ?? '', 'postgres'));
  const options = `${DISK},uid=${uid},gid=${gid},mode=700`;
  await execute('mount', ['-t', 'tmpfs', '-o', options, 'latchkey-disk', folder]);
  owned.defer(async () => {
    await execute('umount', ['--lazy', folder]);
  });
  return folder;
}

async function onPostgres(stack: Stack, text: string): Promise<void> {
  const { Client } = await import('pg');
  const url = new URL(stack.databaseUrl);
  url.pathname = '/postgres';
  const client = new Client({ connectionString: url.href });
  await client.connect();
  await client.query(text).finally(() => client.end());
}

/** Inserts ever smaller batches until not a single page is free. */
async function fill({ database }: Arena): Promise<void> {
  await database.query('create table filler (stuff text)');
  for (const rows of [2_000, 200, 20, 1]) {
    const isFull = async (): Promise<boolean> =>
      database
        .query(
          `insert into filler select repeat(md5(random()::text), 60) from generate_series(1, ${rows})`,
        )
        .then(
          () => false,
          () => true,
        );
    await eventually('the disk', isFull, (full) => full, LIMIT_MS);
  }
}

/** Waits until a process has logged this SQLSTATE. */
async function untilLogged({ members }: Arena, state: string): Promise<void> {
  const isLogged = (): boolean =>
    members.some(({ output }) => output().includes(`"code":"${state}"`));
  await eventually(`SQLSTATE ${state}`, isLogged, (seen) => seen, LIMIT_MS);
}
