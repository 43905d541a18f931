import { expect, test } from 'vitest';
import { openSystem } from '../support/system.ts';
import { judge } from './oracle/judge.ts';
import { createLedger } from './oracle/ledger.ts';
import { diffState, fingerprintState } from './oracle/replay.ts';
import { generateWorkload } from './workload/generate.ts';

const SEED = 20_260_401;
const CHUNK = 100;

test('a workload with duplicates, conflicts, poison and reordering is applied exactly once, also when sent twice', async () => {
  await using system = await openSystem();
  const records = generateWorkload({
    seed: SEED,
    prefix: 'w',
    persons: 60,
    verifications: 40,
    conflictShare: 0.02,
    poisonShare: 0.02,
  });
  const ledger = createLedger();
  const send = async (): Promise<void> => {
    ledger.sent(records);
    for (let at = 0; at < records.length; at += CHUNK) {
      await system.sendRecords(records.slice(at, at + CHUNK));
    }
    await system.settled();
  };
  const findings = () =>
    judge({
      query: system.database.query,
      names: system.topics.names,
      ledger,
      messages: system.messages(),
    });

  await send();
  expect(await findings()).toEqual([]);

  const before = await fingerprintState(system.database.query);
  await send();
  expect(await findings()).toEqual([]);
  expect(diffState(before, await fingerprintState(system.database.query))).toEqual([]);
});
