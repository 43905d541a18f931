import { createHash } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { withDeadline } from '@latchkey/publication';
import { cached, cacheFolder } from './cache.ts';
import { startGuard } from './guard-client.ts';
import type { InstalledKafka } from './install-kafka.ts';
import { startBrokers } from './kafka.ts';

/**
 * The same installation with an archive of the classes that a broker loads, which Java maps instead of reading and
 * verifying them: a start needs a third less processor time. The first call for this Kafka and this Java starts and
 * stops a broker to make it, and caches it. If that fails, brokers start without it.
 */
export async function withClassArchive(
  installed: InstalledKafka,
  log: (line: string) => void,
): Promise<InstalledKafka> {
  const java = createHash('sha256').update(installed.javaVersion).digest('hex').slice(0, 12);
  const name = `${basename(installed.folder)}-classes-${java}`;
  const waiting = (): void => {
    log('another process is archiving the classes of a broker; waiting for it');
  };
  try {
    const folder = await cached({ cache: cacheFolder(), name, waiting }, (draft) =>
      archiveClasses(installed, join(draft, FILE)),
    );
    return { ...installed, jvm: [...installed.jvm, `-XX:SharedArchiveFile=${join(folder, FILE)}`] };
  } catch (error) {
    log(`the classes of a broker could not be archived, so it starts slower: ${String(error)}`);
    return installed;
  }
}

const FILE = 'classes.jsa';
/** It needs seconds on an idle machine. */
const END_LIMIT_MS = 120_000;

async function archiveClasses(installed: InstalledKafka, file: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-classes-'));
  // Removes the folder, too.
  await using stop = new AsyncDisposableStack();
  const guard = startGuard(folder);
  stop.defer(() => guard.close());
  const archiving = { ...installed, jvm: [...installed.jvm, `-XX:ArchiveClassesAtExit=${file}`] };
  const broker = { folder, count: 1, settings: {}, users: undefined, startsSoon: true };
  const brokers = await startBrokers(guard, archiving, broker);
  const ended = brokers.stop(0, 'SIGTERM');
  await withDeadline(ended, END_LIMIT_MS, 'archiving the classes of a broker');
}
