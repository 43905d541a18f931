import { openArena, type Servers } from '../../arena/arena.ts';
import { countPublishFailures } from '../../arena/failures.ts';
import {
  createInstallation,
  spawnForeignRelay,
  untilRefusedBy,
} from '../../arena/other-installation.ts';
import { createLedger } from '../../oracle/ledger.ts';
import { judgeArena } from '../../sweep/campaign.ts';
import { generateWorkload } from '../../workload/generate.ts';
import { drain, type TrialFinding } from './drain.ts';

const LIMIT_MS = 60_000;
const PERSONS = { seed: 16, prefix: 's', persons: 40, conflictShare: 0, poisonShare: 0 } as const;

/**
 * A relay of another installation, on an empty database, starts with the same topics. Reports `fenced` if
 * it interrupted the publishing relay even once.
 */
export async function secondInstallation(servers: Servers): Promise<readonly TrialFinding[]> {
  await using arena = await openArena(servers, { reconcilers: 1, relays: 1, partitions: 1 });
  await using other = await createInstallation(servers);
  await using foreignRelay = await spawnForeignRelay(arena, other);
  const { lifecycle, access } = arena.topics.names;
  await untilRefusedBy(foreignRelay, [lifecycle, access], LIMIT_MS);
  const ledger = createLedger();
  const records = generateWorkload({ ...PERSONS, histories: 'joiners' });
  ledger.sent(records);
  await arena.send(records);
  const found = [...(await drain(arena)), ...(await judgeArena(arena, ledger))];
  const failures = arena
    .of('relay')
    .reduce((sum, member) => sum + countPublishFailures(member.output()), 0);
  const fenced = { check: 'fenced', detail: `publishing failed ${failures} times` };
  return failures === 0 ? found : [fenced, ...found];
}
