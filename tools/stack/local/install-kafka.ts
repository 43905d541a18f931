import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { StackUnavailable } from '../stack.ts';
import { cached, cacheFolder, isWritable } from './cache.ts';
import { hasCode } from './error-code.ts';

const run = promisify(execFile);
const OWN = new URL('kafka/', import.meta.url);
export const KAFKA_VERSION = '4.3.0';
const JAVA_AT_LEAST = 17;
const FETCH_LIMIT_MS = 10 * 60_000;

export interface InstalledKafka {
  readonly folder: string;
  readonly java: string;
  /** What `java -version` prints. */
  readonly javaVersion: string;
  /** Options of the virtual machine, class path included. */
  readonly jvm: readonly string[];
  /** What `kafka-storage format` writes beside meta.properties; the same for every broker. */
  readonly bootstrap: string;
}

/** Fetches Apache Kafka's jars with Maven on the first call, and caches them. */
export async function installKafka(
  log: (line: string) => void,
  signal?: AbortSignal,
): Promise<InstalledKafka> {
  const { java, javaVersion } = await findJava();
  const pom = await readFile(new URL('pom.xml', OWN), 'utf8');
  const name = `kafka-${KAFKA_VERSION}-${createHash('sha256').update(pom).digest('hex').slice(0, 12)}`;
  const cache = cacheFolder();
  const waiting = (): void => {
    log(`another process is fetching Apache Kafka ${KAFKA_VERSION}; waiting for it`);
  };
  const folder = await cached({ cache, name, waiting }, async (draft) => {
    log(`fetching Apache Kafka ${KAFKA_VERSION} with Maven into ${cache} (once, 44 MB)`);
    await fetchJars(draft, pom, signal);
    await format(java, draft);
  });
  return {
    folder,
    java,
    javaVersion,
    jvm: jvmOptions(folder),
    bootstrap: join(folder, 'format', 'bootstrap.checkpoint'),
  };
}

/** @throws StackUnavailable */
async function findJava(): Promise<Pick<InstalledKafka, 'java' | 'javaVersion'>> {
  const home = process.env['JAVA_HOME'] ?? '';
  const java = home === '' ? 'java' : join(home, 'bin', 'java');
  const printed = await run(java, ['-version']).catch(() => undefined);
  const javaVersion = printed?.stderr ?? '';
  const version = Number(/version "(\d+)/.exec(javaVersion)?.[1] ?? 0);
  if (version >= JAVA_AT_LEAST) return { java, javaVersion };
  const found = version === 0 ? 'Java was not found' : `Java ${version} was found`;
  throw new StackUnavailable(`a local broker needs Java ${JAVA_AT_LEAST} or newer, and ${found}`);
}

async function fetchJars(folder: string, pom: string, signal?: AbortSignal): Promise<void> {
  // Maven writes into the folder of pom.xml.
  await writeFile(join(folder, 'pom.xml'), pom);
  await copyFile(new URL('log4j2.properties', OWN), join(folder, 'log4j2.properties'));
  const args = ['--batch-mode', '--quiet', '--strict-checksums', '--file', join(folder, 'pom.xml')];
  const copy = ['-DincludeScope=runtime', `-DoutputDirectory=${join(folder, 'jars')}`];
  const all = [...args, ...ownRepository(folder), 'dependency:copy-dependencies', ...copy];
  await run('mvn', all, {
    timeout: FETCH_LIMIT_MS,
    signal,
  }).catch((error: unknown) => {
    throw mavenFailure(error);
  });
  await rm(join(folder, 'maven'), { recursive: true, force: true });
}

/** Java reads the home from the system's list of users and ignores HOME; some users have none there. */
function ownRepository(folder: string): string[] {
  if (isWritable(join(systemHome(), '.m2'))) return [];
  return [`-Dmaven.repo.local=${join(folder, 'maven')}`];
}

function systemHome(): string {
  try {
    return userInfo().homedir;
  } catch {
    return '/nonexistent';
  }
}

function mavenFailure(error: unknown): StackUnavailable {
  if (hasCode(error, 'ENOENT')) {
    return new StackUnavailable('a local broker needs Maven once, and `mvn` was not found');
  }
  const printed =
    error instanceof Error && 'stdout' in error ? String(error.stdout) : String(error);
  const lines = printed.split('\n').filter((line) => line.includes('ERROR'));
  return new StackUnavailable(
    `Maven could not fetch Apache Kafka:\n${lines.slice(0, 5).join('\n')}`,
  );
}

/** Formats a folder that no broker uses, for its file of initial metadata records. */
async function format(java: string, folder: string): Promise<void> {
  const data = join(folder, 'format');
  const settings = join(folder, 'format.properties');
  await mkdir(data);
  await writeFile(
    settings,
    [
      'process.roles=broker,controller',
      'node.id=1',
      'controller.quorum.voters=1@127.0.0.1:9093',
      'listeners=PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093',
      'controller.listener.names=CONTROLLER',
      `log.dirs=${data}`,
    ].join('\n'),
  );
  const tool = ['kafka.tools.StorageTool', 'format', '--cluster-id', 'AAAAAAAAAAAAAAAAAAAAAQ'];
  await run(java, [...jvmOptions(folder), ...tool, '--config', settings]);
}

function jvmOptions(folder: string): string[] {
  return [
    '-Xms256m',
    '-Xmx512m',
    '-XX:+UseSerialGC',
    '-Djava.awt.headless=true',
    `-Dlog4j2.configurationFile=${join(folder, 'log4j2.properties')}`,
    '-cp',
    join(folder, 'jars', '*'),
  ];
}
