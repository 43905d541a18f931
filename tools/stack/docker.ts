import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { PostgreSqlContainer } from '@testcontainers/postgresql';
import {
  GenericContainer,
  getContainerRuntimeClient,
  Network,
  type StartedNetwork,
  type StartedTestContainer,
  Wait,
} from 'testcontainers';
import { brokerSettings } from './broker-settings.ts';
import { withoutFaults } from './environment.ts';
import { liveBrokers } from './live-brokers.ts';
import { freePorts } from './local/ports.ts';
import { POSTGRES_SETTINGS } from './postgres-settings.ts';
import type { Stack, StackOptions } from './stack.ts';

const POSTGRES_IMAGE = 'postgres:18';
const KAFKA_IMAGE = 'apache/kafka:4.3.0';
const CLUSTER_ID = 'bGF0Y2hrZXktc3RhY2s0Mg';
const EXTERNAL_PORT = 9092;
const CONTROLLER_PORT = 9093;
const INTERNAL_PORT = 19092;
const PROBE_LIMIT_MS = 3_000;
const START_LIMIT_MS = 120_000;
const POLL_MS = 200;

/** True if a Docker daemon answers. Never rejects; a daemon that hangs counts as absent. */
export async function dockerAnswers(): Promise<boolean> {
  if (!mayHaveDocker()) return false;
  const silence = new Promise<false>((resolve) => {
    setTimeout(() => {
      resolve(false);
    }, PROBE_LIMIT_MS).unref();
  });
  const answer = getContainerRuntimeClient().then(
    () => true,
    () => false,
  );
  return Promise.race([answer, silence]);
}

/** A cheap check first: without it, testcontainers tries every way to reach a daemon. */
function mayHaveDocker(): boolean {
  const places = [
    '/var/run/docker.sock',
    join(process.env['XDG_RUNTIME_DIR'] ?? '/run', 'docker.sock'),
    join(homedir(), '.docker', 'run', 'docker.sock'),
    join(homedir(), '.docker', 'desktop', 'docker.sock'),
    join(homedir(), '.testcontainers.properties'),
  ];
  return (process.env['DOCKER_HOST'] ?? '') !== '' || places.some((place) => existsSync(place));
}

/**
 * PostgreSQL and Kafka in containers, on free ports. The watcher of testcontainers (Ryuk) removes them when this
 * process is killed.
 */
export async function openDockerStack(options: StackOptions): Promise<Stack> {
  const count = options.brokers ?? 1;
  options.log?.(
    `starting PostgreSQL and ${count} Kafka broker(s) in Docker; the first time fetches their images`,
  );
  await using started = new AsyncDisposableStack();
  const [database, brokers] = await Promise.all([
    startDatabase(started),
    startBrokers(started, count, options.brokerSettings ?? {}),
  ]);
  const everything = started.move();
  return {
    kind: 'docker',
    databaseUrl: database,
    brokers,
    brokersForUsers: [],
    lost: new Promise(() => undefined),
    traces: undefined,
    ...withoutFaults('its servers run in Docker'),
    [Symbol.asyncDispose]: () => everything.disposeAsync(),
  };
}

async function startDatabase(started: AsyncDisposableStack): Promise<string> {
  const settings = Object.entries(POSTGRES_SETTINGS).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ]);
  const container = await new PostgreSqlContainer(POSTGRES_IMAGE)
    .withDatabase('latchkey')
    .withUsername('postgres')
    .withPassword('latchkey')
    .withCommand(['postgres', ...settings])
    .start();
  started.defer(async () => {
    await container.stop();
  });
  return container.getConnectionUri();
}

async function startBrokers(
  started: AsyncDisposableStack,
  count: number,
  settings: Readonly<Record<string, string>>,
): Promise<string[]> {
  const { host } = (await getContainerRuntimeClient()).info.containerRuntime;
  const network = await new Network().start();
  started.defer(async () => {
    await network.stop();
  });
  const ports = await freePorts(count);
  // Each needs the others to become ready. When one fails, all of them must be removed.
  const outcomes = await Promise.allSettled(
    ports.map((port, index) =>
      brokerContainer(network, { id: index + 1, count, host, port, settings }).start(),
    ),
  );
  for (const outcome of outcomes) {
    if (outcome.status === 'fulfilled') stopLater(started, outcome.value);
  }
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  const addresses = ports.map((port) => `${host}:${port}`);
  await clusterReady(addresses);
  return addresses;
}

interface Broker {
  readonly id: number;
  readonly count: number;
  /** Where clients on this machine reach it. The broker advertises it, so the port is chosen before the start. */
  readonly host: string;
  readonly port: number;
  readonly settings: Readonly<Record<string, string>>;
}

function brokerContainer(network: StartedNetwork, broker: Broker): GenericContainer {
  return new GenericContainer(KAFKA_IMAGE)
    .withNetwork(network)
    .withNetworkAliases(aliasOf(broker.id))
    .withExposedPorts({ container: EXTERNAL_PORT, host: broker.port })
    .withEnvironment(environmentOf(broker))
    .withWaitStrategy(Wait.forLogMessage(/Kafka Server started/))
    .withStartupTimeout(START_LIMIT_MS);
}

function environmentOf(broker: Broker): Record<string, string> {
  const alias = aliasOf(broker.id);
  const ids = Array.from({ length: broker.count }, (_, index) => index + 1);
  const settings: Record<string, string> = {
    ...brokerSettings(broker.count),
    'process.roles': 'broker,controller',
    'node.id': String(broker.id),
    'controller.quorum.voters': ids
      .map((id) => `${id}@${aliasOf(id)}:${CONTROLLER_PORT}`)
      .join(','),
    listeners: `INTERNAL://:${INTERNAL_PORT},EXTERNAL://:${EXTERNAL_PORT},CONTROLLER://:${CONTROLLER_PORT}`,
    'advertised.listeners': `INTERNAL://${alias}:${INTERNAL_PORT},EXTERNAL://${broker.host}:${broker.port}`,
    'listener.security.protocol.map': 'INTERNAL:PLAINTEXT,EXTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name': 'INTERNAL',
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': '/tmp/latchkey-kafka',
    ...broker.settings,
  };
  const named = Object.entries(settings).map(([name, value]) => [
    `KAFKA_${name.toUpperCase().replaceAll('.', '_')}`,
    value,
  ]);
  return { ...(Object.fromEntries(named) as Record<string, string>), CLUSTER_ID };
}

function aliasOf(id: number): string {
  return `kafka-${id}`;
}

function stopLater(started: AsyncDisposableStack, container: StartedTestContainer): void {
  started.defer(async () => {
    await container.stop();
  });
}

async function clusterReady(addresses: readonly string[]): Promise<void> {
  const deadline = Date.now() + START_LIMIT_MS;
  for (const address of addresses) {
    while ((await liveBrokers(address)).length < addresses.length) {
      if (Date.now() > deadline) throw new Error(`the broker at ${address} did not become ready`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}
