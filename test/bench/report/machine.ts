import { execFile } from 'node:child_process';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { arch, availableParallelism, cpus, release, tmpdir, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { median } from '../statistics.ts';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly system: string;
  /** Median duration of a write of 8 KiB with `fdatasync`, in the default data folder of the servers. */
  readonly fdatasyncMs: number;
}

export interface Versions {
  readonly latchkey: string;
  readonly node: string;
  readonly postgres: string;
  readonly kafka: string;
  readonly kafkajs: string;
  readonly pg: string;
}

const run = promisify(execFile);
const SYNCS_COUNT = 200;
const PAGE_BYTES = 8_192;
const BYTES_PER_GIBIBYTE = 1024 ** 3;

export async function describeMachine(): Promise<Machine> {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: Math.round(totalmem() / BYTES_PER_GIBIBYTE) * BYTES_PER_GIBIBYTE,
    system: `${type()} ${release().split('-', 1).join('')} ${arch()}`,
    fdatasyncMs: await measureSync(),
  };
}

/** @param kafka - version of Kafka, which brokers do not report */
export async function describeVersions(databaseUrl: string, kafka: string): Promise<Versions> {
  const require = createRequire(import.meta.url);
  const versionOf = (name: string): string =>
    (require(`${name}/package.json`) as { version: string }).version;
  return {
    latchkey: (require('../../../package.json') as { version: string }).version,
    node: process.version.slice(1),
    postgres: await postgresVersion(databaseUrl),
    kafka,
    kafkajs: versionOf('kafkajs'),
    pg: versionOf('pg'),
  };
}

/** The commit of the sources, with suffix `+` if they have changes; `unknown` outside of a repository. */
export async function commitOf(root: string): Promise<string> {
  const git = (...args: readonly string[]): Promise<string> =>
    run('git', [...args], { cwd: root }).then(({ stdout }) => stdout.trim());
  try {
    const [commit, changes] = await Promise.all([
      git('rev-parse', '--short=10', 'HEAD'),
      git('status', '--porcelain', '--untracked-files=no'),
    ]);
    return changes === '' ? commit : `${commit}+`;
  } catch {
    return 'unknown';
  }
}

async function measureSync(): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-sync-'));
  try {
    await using file = await open(join(folder, 'page'), 'w');
    const page = Buffer.alloc(PAGE_BYTES, 1);
    const tookMs: number[] = [];
    for (let count = 0; count < SYNCS_COUNT; count += 1) {
      const startedMs = performance.now();
      await file.write(page, 0, PAGE_BYTES, 0);
      await file.datasync();
      tookMs.push(performance.now() - startedMs);
    }
    return median(tookMs);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function postgresVersion(url: string): Promise<string> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ server_version: string }>('show server_version');
    return rows[0]?.server_version ?? 'unknown';
  } finally {
    await client.end();
  }
}
