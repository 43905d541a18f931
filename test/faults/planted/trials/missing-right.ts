import { eventually } from '../../../support/eventually.ts';
import { openArena, type Servers } from '../../arena/arena.ts';
import { createLedger } from '../../oracle/ledger.ts';
import { judgeArena } from '../../sweep/campaign.ts';
import { generateWorkload } from '../../workload/generate.ts';
import { drain, type TrialFinding } from './drain.ts';

const LIMIT_MS = 60_000;
const PERSONS = { seed: 12, prefix: 'r', persons: 40, conflictShare: 0, poisonShare: 0 } as const;

/**
 * The reconciler lacks a database right until it waits or has written a dead letter. It must wait: a
 * missing right is not the fault of an event.
 */
export async function missingRight(servers: Servers): Promise<readonly TrialFinding[]> {
  await using arena = await openArena(servers, { reconcilers: 1, relays: 1, partitions: 2 });
  const { database } = arena;
  const ledger = createLedger();
  const records = generateWorkload({ ...PERSONS, histories: 'joiners' });
  await database.query('revoke insert on fact from latchkey_reconciler');
  ledger.sent(records);
  await arena.send(records);
  const countDeadLetters = async (): Promise<number> => {
    const [row] = await database.query<{ letters: number }>(
      'select count(*)::integer as letters from dead_letter',
    );
    return row?.letters ?? 0;
  };
  const isWaiting = (): boolean =>
    arena.of('reconciler').some((member) => member.output().includes('"msg":"waiting"'));
  const isDecided = async (): Promise<boolean> => isWaiting() || (await countDeadLetters()) > 0;
  await eventually('waiting, or a dead letter', isDecided, (decided) => decided, LIMIT_MS);
  await database.query('grant insert on fact to latchkey_reconciler');
  return [...(await drain(arena)), ...(await judgeArena(arena, ledger))];
}
