import { expect, inject, test } from 'vitest';
import { type Arena, openArena } from './arena/arena.ts';
import { judge } from './oracle/judge.ts';
import { createLedger } from './oracle/ledger.ts';
import type { LostReplies } from './proxy/lost-replies.ts';
import { openProxies, type Proxies } from './proxy/proxies.ts';
import { generateWorkload } from './workload/generate.ts';

const ROUNDS = 4;
const WAVE = { persons: 40, verifications: 8, conflictShare: 0.02, poisonShare: 0.02 } as const;

test.each([
  ['COMMIT', (proxies: Proxies) => proxies.commits],
  ['Produce', (proxies: Proxies) => proxies.produces],
])('work whose reply to %s was lost is not repeated', async (name, repliesOf) => {
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
    partitions: 3,
    through,
  });
  const ledger = createLedger();
  for (let round = 0; round < ROUNDS; round += 1) {
    const prefix = `${name}-${round}`;
    const records = generateWorkload({ ...WAVE, seed: round, prefix });
    ledger.sent(records);
    await loseOne(arena, repliesOf(proxies), () => arena.send(records));
  }
  await arena.drained(60_000);
  const { database, topics, messages } = arena;
  const request = { query: database.query, names: topics.names, ledger, messages: messages() };
  expect(await judge(request)).toEqual([]);
  expect(repliesOf(proxies).lost()).toBe(ROUNDS);
});

async function loseOne(
  arena: Arena,
  replies: LostReplies,
  send: () => Promise<void>,
): Promise<void> {
  const before = replies.lost();
  replies.loseNext();
  await send();
  await expect.poll(() => replies.lost()).toBe(before + 1);
  await arena.drained(60_000);
}
