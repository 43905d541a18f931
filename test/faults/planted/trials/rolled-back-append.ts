import { openArena, type Servers } from '../../arena/arena.ts';
import { createLedger } from '../../oracle/ledger.ts';
import { judgeArena } from '../../sweep/campaign.ts';
import { generateWorkload } from '../../workload/generate.ts';
import { drain, type TrialFinding } from './drain.ts';

const PERSONS = { persons: 40, histories: 'joiners', conflictShare: 0, poisonShare: 0 } as const;

/** A transaction that has appended messages for all of its events fails instead of committing. */
export async function rolledBackAppend(servers: Servers): Promise<readonly TrialFinding[]> {
  await using arena = await openArena(servers, { reconcilers: 1, relays: 1, partitions: 1 });
  const ledger = createLedger();
  for (const prefix of ['before', 'at', 'after']) {
    const records = generateWorkload({ ...PERSONS, seed: 8, prefix });
    const [reconciler] = arena.of('reconciler');
    if (prefix === 'at') reconciler?.arm('outbox-appended');
    ledger.sent(records);
    await arena.send(records);
    if (prefix === 'at') (await reconciler?.reached())?.proceed('error');
    const stuck = await drain(arena);
    if (stuck.length > 0) return [...stuck, ...(await judgeArena(arena, ledger))];
  }
  return await judgeArena(arena, ledger);
}
