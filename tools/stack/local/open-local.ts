import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Stack, StackOptions } from '../stack.ts';
import { withClassArchive } from './class-archive.ts';
import { startGuard } from './guard-client.ts';
import { type InstalledKafka, installKafka } from './install-kafka.ts';
import { startBrokers } from './kafka.ts';
import { startPostgres } from './postgres.ts';
import { findPostgres, type PostgresProgram } from './postgres-program.ts';
import { ServerNotReady } from './when-ready.ts';

/**
 * Opens PostgreSQL and Kafka as local processes, on free ports and in a temporary folder.
 *
 * @throws StackUnavailable if a program that they need is missing
 */
export async function openLocalStack(options: StackOptions): Promise<Stack> {
  const log = options.log ?? (() => undefined);
  const count = options.brokers ?? 1;
  const [program, kafka] = await Promise.all([
    findPostgres(log),
    installKafka(log, options.signal).then((installed) => withClassArchive(installed, log)),
  ]);
  log(`starting PostgreSQL and ${count === 1 ? 'one Kafka broker' : `${count} Kafka brokers`}`);
  const parts = {
    program,
    kafka,
    count,
    brokerSettings: options.brokerSettings ?? {},
    users: options.users,
    startsSoon: options.isForMeasuring !== true,
  };
  const start = (): Promise<Stack> => startServers(parts, options.signal);
  // The second attempt uses other ports.
  return start().catch((error: unknown) => {
    if (error instanceof ServerNotReady && error.lostItsPort) return start();
    throw error;
  });
}

interface Parts {
  readonly program: PostgresProgram;
  readonly kafka: InstalledKafka;
  readonly count: number;
  readonly brokerSettings: Readonly<Record<string, string>>;
  readonly users: Readonly<Record<string, string>> | undefined;
  readonly startsSoon: boolean;
}

async function startServers(parts: Parts, signal: AbortSignal | undefined): Promise<Stack> {
  signal?.throwIfAborted();
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-stack-'));
  const guard = startGuard(folder);
  try {
    // The database's user must be able to reach its folder.
    await chmod(folder, 0o711);
    const all = Promise.all([
      startPostgres(guard, parts.program, folder),
      startBrokers(guard, parts.kafka, {
        folder,
        count: parts.count,
        settings: parts.brokerSettings,
        users: parts.users,
        startsSoon: parts.startsSoon,
      }),
    ]);
    const [database, brokers] = await unlessAborted(all, signal);
    return {
      kind: 'local',
      databaseUrl: database.url,
      brokers: brokers.addresses,
      brokersForUsers: brokers.addressesForUsers,
      lost: guard.lost,
      get traces() {
        return { folder, pids: guard.pids() };
      },
      killBroker: (index) => brokers.stop(index, 'SIGKILL'),
      startBroker: brokers.start,
      stopDatabase: database.stop,
      startDatabase: database.start,
      copyDatabase: database.copy,
      restoreDatabase: database.restore,
      [Symbol.asyncDispose]: () => guard.close(),
    };
  } catch (error) {
    await guard.close();
    throw error;
  }
}

async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void => {
    reject(new Error('opening the stack was given up', { cause: signal.reason }));
  };
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
