import { setTimeout as sleep } from 'node:timers/promises';
import { openAdmin } from '@latchkey/kafka';
import { expect, inject, test } from 'vitest';
import { local } from '../support/kafka-clients.ts';
import { type Arena, openArena } from './arena/arena.ts';
import type { Member } from './arena/member.ts';
import { type Surrounded, surround } from './proxy/surround.ts';
import { generateWorkload } from './workload/generate.ts';

const ROUNDS = 3;
const PERSONS = 20;
/** A heartbeat is due then. One that finds its broker away makes kafkajs start the consumer again, now and then. */
const SILENT_MS = 1_000;
const AWAY_MS = 1_500;

test('reconcilers whose only broker was away come back as the members that they were', async () => {
  const servers = {
    databaseUrl: inject('databaseUrl'),
    brokers: inject('brokers'),
    runId: inject('runId'),
  };
  await using around = await surround(servers);
  const { through } = around;
  await using arena = await openArena(servers, {
    reconcilers: 2,
    relays: 1,
    partitions: 2,
    through,
  });
  await using admin = await openAdmin(local());
  const groupId = arena.env['GROUP_ID'] ?? '';
  /** Undefined while the group is shared out anew. */
  const members = async (): Promise<readonly string[] | undefined> => {
    const { groups } = await admin.describeGroups([groupId]);
    const [group] = groups;
    if (group?.state !== 'Stable') return undefined;
    return group.members.map(({ memberId }) => memberId).toSorted();
  };
  await expect.poll(members).toHaveLength(2);
  const before = await members();

  for (let round = 1; round <= ROUNDS; round += 1) {
    await goAway(around);
    await takeSome(arena, round);
    await expect.poll(members).toEqual(before);
  }
});

test('services say that they are not ready while no broker answers, also with nothing to do, and are ready again', async () => {
  const servers = {
    databaseUrl: inject('databaseUrl'),
    brokers: inject('brokers'),
    runId: inject('runId'),
  };
  await using around = await surround(servers);
  const { through } = around;
  await using arena = await openArena(servers, {
    reconcilers: 1,
    relays: 1,
    partitions: 1,
    through,
  });
  const readiness = (): Promise<readonly string[]> => Promise.all(arena.members.map(readinessOf));
  await expect.poll(readiness).toEqual(['ready', 'ready']);

  const comesBack = await Promise.all(around.brokers.map((broker) => broker.goDown()));
  await expect
    .poll(readiness)
    .toEqual([expect.stringContaining('group'), expect.stringContaining('brokers')]);
  await Promise.all(comesBack.map((back) => back()));

  await expect.poll(readiness).toEqual(['ready', 'ready']);
});

/** `ready`, or the names of what is not. */
async function readinessOf({ process }: Member): Promise<string> {
  const answer = await fetch(`${process().address}/readyz`);
  const { ready, notReady } = (await answer.json()) as Readiness;
  return ready ? 'ready' : notReady.map(({ part }) => part).join(' ');
}

interface Readiness {
  readonly ready: boolean;
  readonly notReady: readonly { readonly part: string }[];
}

async function goAway({ brokers }: Surrounded): Promise<void> {
  for (const broker of brokers) {
    for (let at = 0; at < broker.connections(); at += 1) broker.stall(() => at, SILENT_MS);
  }
  await sleep(SILENT_MS);
  const comesBack = await Promise.all(brokers.map((broker) => broker.goDown()));
  await sleep(AWAY_MS);
  await Promise.all(comesBack.map((back) => back()));
}

async function takeSome(arena: Arena, seed: number): Promise<void> {
  await arena.send(generateWorkload({ seed, prefix: `round-${seed}-`, persons: PERSONS }));
  await arena.taken(60_000);
}
