import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brokerSettings } from '../broker-settings.ts';
import { liveBrokers } from '../live-brokers.ts';
import type { ServerSpec } from './guard.ts';
import type { Guard } from './guard-client.ts';
import type { InstalledKafka } from './install-kafka.ts';
import { listenersForUsers, settingsForUsers } from './kafka-users.ts';
import { freePorts } from './ports.ts';
import { whenReady } from './when-ready.ts';

export interface LocalBrokers {
  readonly addresses: readonly string[];
  readonly addressesForUsers: readonly string[];
  /** Resolves when it has ended. */
  readonly stop: (index: number, signal: 'SIGTERM' | 'SIGKILL') => Promise<void>;
  /** Resolves when the broker is in the cluster again. */
  readonly start: (index: number) => Promise<void>;
}

/** Starts brokers, each also a controller, as one cluster. Resolves when every one of them is ready. */
export async function startBrokers(
  guard: Guard,
  installed: InstalledKafka,
  options: {
    readonly folder: string;
    readonly count: number;
    readonly settings: Readonly<Record<string, string>>;
    readonly users: Readonly<Record<string, string>> | undefined;
    /** Java does not optimise: starts need less processor time, heavy load needs more. */
    readonly startsSoon: boolean;
  },
): Promise<LocalBrokers> {
  const cluster = await layOut(options.count);
  const { users } = options;
  const forUsers = users === undefined ? [] : await listenersForUsers(options.count);
  const specs = await Promise.all(
    cluster.nodes.map((node, index) => {
      const settings = { ...options.settings };
      const address = forUsers[index];
      if (users !== undefined && address !== undefined) {
        Object.assign(
          settings,
          settingsForUsers(`127.0.0.1:${node.port}`, node.controllerPort, address, users),
        );
      }
      return prepare(installed, cluster, node, { ...options, settings });
    }),
  );
  const addresses = cluster.nodes.map((node) => `127.0.0.1:${node.port}`);
  const servers = await Promise.all(specs.map((spec) => guard.start(spec)));
  await Promise.all(
    servers.map((server, index) =>
      whenReady(server, at(specs, index), () => knowsAll(at(addresses, index), options.count)),
    ),
  );
  return {
    addresses,
    addressesForUsers: forUsers,
    stop: (index, signal) => at(servers, index).stop(signal),
    start: async (index) => {
      const server = await guard.start(at(specs, index));
      servers[index] = server;
      await whenReady(server, at(specs, index), () => knowsItself(at(addresses, index), index + 1));
    },
  };
}

interface Node {
  readonly id: number;
  readonly port: number;
  readonly controllerPort: number;
}

interface Cluster {
  readonly id: string;
  readonly nodes: readonly Node[];
}

async function layOut(count: number): Promise<Cluster> {
  const ports = await freePorts(count * 2);
  const nodes = Array.from({ length: count }, (_, index) => ({
    id: index + 1,
    port: at(ports, index),
    controllerPort: at(ports, index + count),
  }));
  return { id: randomUuid(), nodes };
}

/** Does what `kafka-storage format` does, without a second of Java for each broker. */
async function prepare(
  installed: InstalledKafka,
  cluster: Cluster,
  node: Node,
  {
    folder,
    settings,
    startsSoon,
  }: { readonly folder: string; readonly settings: object; readonly startsSoon: boolean },
): Promise<ServerSpec> {
  const name = `kafka-${node.id}`;
  const data = join(folder, name);
  await mkdir(data);
  await copyFile(installed.bootstrap, join(data, 'bootstrap.checkpoint'));
  const meta = {
    version: 1,
    'cluster.id': cluster.id,
    'node.id': node.id,
    'directory.id': randomUuid(),
  };
  await writeFile(join(data, 'meta.properties'), properties(meta));
  const file = join(folder, `${name}.properties`);
  await writeFile(file, properties({ ...settingsOf(cluster, node, data), ...settings }));
  return {
    name,
    command: installed.java,
    args: [
      ...installed.jvm,
      ...(startsSoon ? ['-XX:TieredStopAtLevel=1'] : []),
      'kafka.Kafka',
      file,
    ],
    cwd: folder,
    logFile: join(folder, `${name}.log`),
    // Its data is removed, so a clean shutdown would save nothing.
    stop: [],
    onOrphaned: 'SIGKILL',
  };
}

function settingsOf(cluster: Cluster, node: Node, data: string): Record<string, string | number> {
  const voters = cluster.nodes.map(({ id, controllerPort }) => `${id}@127.0.0.1:${controllerPort}`);
  const client = `PLAINTEXT://127.0.0.1:${node.port}`;
  return {
    ...brokerSettings(cluster.nodes.length),
    'process.roles': 'broker,controller',
    'node.id': node.id,
    'controller.quorum.voters': voters.join(','),
    listeners: `${client},CONTROLLER://127.0.0.1:${node.controllerPort}`,
    'advertised.listeners': client,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': data,
  };
}

function properties(settings: Readonly<Record<string, string | number>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

async function knowsAll(address: string, count: number): Promise<boolean> {
  const ids = await liveBrokers(address);
  return ids.length === count;
}

async function knowsItself(address: string, id: number): Promise<boolean> {
  const ids = await liveBrokers(address);
  return ids.includes(id);
}

/** As Kafka writes them: 16 bytes in URL-safe base64. */
function randomUuid(): string {
  return randomBytes(16).toString('base64url');
}

function at<T>(list: readonly T[], index: number): T {
  const found = list[index];
  if (found === undefined) throw new RangeError(`there is no broker ${index}`);
  return found;
}
