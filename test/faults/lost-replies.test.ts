import { expect, inject, test } from 'vitest';
import { type Arena, openArena } from './arena/arena.ts';
import { judge } from './oracle/judge.ts';
import { createLedger } from './oracle/ledger.ts';
import type { LostReplies } from './proxy/lost-replies.ts';
import { type Surrounded, surround } from './proxy/surround.ts';
import { generateWorkload } from './workload/generate.ts';

const ROUNDS = 4;
const WAVE = { persons: 40, verifications: 8, conflictShare: 0.02, poisonShare: 0.02 } as const;

test.each([
  ['COMMIT', (around: Surrounded) => around.commits],
  ['Produce', (around: Surrounded) => around.produces],
])('what was done although the reply to %s was lost is not done again', async (name, repliesOf) => {
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
    partitions: 3,
    through,
  });
  const ledger = createLedger();
  for (let round = 0; round < ROUNDS; round += 1) {
    const prefix = `${name}-${round}`;
    const records = generateWorkload({ ...WAVE, seed: round, prefix });
    ledger.sent(records);
    await loseOne(arena, repliesOf(around), () => arena.send(records));
  }
  await arena.drained(60_000);
  const { database, topics, messages } = arena;
  const request = { query: database.query, names: topics.names, ledger, messages: messages() };
  expect(await judge(request)).toEqual([]);
  expect(repliesOf(around).lost()).toBe(ROUNDS);
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
