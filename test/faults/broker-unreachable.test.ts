import { setTimeout as sleep } from 'node:timers/promises';
import { openAdmin } from '@latchkey/kafka';
import { expect, inject, test } from 'vitest';
import { local } from '../support/kafka-clients.ts';
import { type Arena, openArena } from './arena/arena.ts';
import type { Member } from './arena/member.ts';
import { openProxies, type Proxies } from './proxy/proxies.ts';
import { generateWorkload } from './workload/generate.ts';

const ROUNDS = 3;
const PERSONS = 20;
/** Longer than the heartbeat interval. kafkajs may restart a consumer whose heartbeat fails. */
const SILENT_MS = 1_000;
const DOWN_MS = 1_500;

test('reconcilers keep their group membership after their only broker was unreachable', async () => {
  const servers = {
    databaseUrl: inject('databaseUrl'),
    brokers: inject('brokers'),
    runId: inject('runId'),
  };
  await using proxies = await openProxies(servers);
  const { through } = proxies;
  await using arena = await openArena(servers, {
    reconcilers: 2,
    relays: 1,
    partitions: 2,
    through,
  });
  await using admin = await openAdmin(local());
  const groupId = arena.env['GROUP_ID'] ?? '';
  /** Undefined during a rebalance. */
  const members = async (): Promise<readonly string[] | undefined> => {
    const { groups } = await admin.describeGroups([groupId]);
    const [group] = groups;
    if (group?.state !== 'Stable') return undefined;
    return group.members.map(({ memberId }) => memberId).toSorted();
  };
  await expect.poll(members).toHaveLength(2);
  const before = await members();

  for (let round = 1; round <= ROUNDS; round += 1) {
    await stopBrokers(proxies);
    await processSome(arena, round);
    await expect.poll(members).toEqual(before);
  }
});

test('services are not ready while no broker answers, also when idle, and become ready again', async () => {
  const servers = {
    databaseUrl: inject('databaseUrl'),
    brokers: inject('brokers'),
    runId: inject('runId'),
  };
  await using proxies = await openProxies(servers);
  const { through } = proxies;
  await using arena = await openArena(servers, {
    reconcilers: 1,
    relays: 1,
    partitions: 1,
    through,
  });
  const readiness = (): Promise<readonly string[]> => Promise.all(arena.members.map(readinessOf));
  await expect.poll(readiness).toEqual(['ready', 'ready']);

  const comesBack = await Promise.all(proxies.brokers.map((broker) => broker.goDown()));
  await expect
    .poll(readiness)
    .toEqual([expect.stringContaining('group'), expect.stringContaining('brokers')]);
  await Promise.all(comesBack.map((back) => back()));

  await expect.poll(readiness).toEqual(['ready', 'ready']);
});

/** `ready`, or the names of the parts that are not ready. */
async function readinessOf({ process }: Member): Promise<string> {
  const answer = await fetch(`${process().address}/readyz`);
  const { ready, notReady } = (await answer.json()) as Readiness;
  return ready ? 'ready' : notReady.map(({ part }) => part).join(' ');
}

interface Readiness {
  readonly ready: boolean;
  readonly notReady: readonly { readonly part: string }[];
}

async function stopBrokers({ brokers }: Proxies): Promise<void> {
  for (const broker of brokers) {
    for (let at = 0; at < broker.connections(); at += 1) broker.stall(() => at, SILENT_MS);
  }
  await sleep(SILENT_MS);
  const comesBack = await Promise.all(brokers.map((broker) => broker.goDown()));
  await sleep(DOWN_MS);
  await Promise.all(comesBack.map((back) => back()));
}

async function processSome(arena: Arena, seed: number): Promise<void> {
  await arena.send(generateWorkload({ seed, prefix: `round-${seed}-`, persons: PERSONS }));
  await arena.processed(60_000);
}
