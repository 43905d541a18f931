import { openArena, type Servers } from '../../arena/arena.ts';
import { publishingFailures } from '../../arena/failures.ts';
import {
  createInstallation,
  spawnStranger,
  untilItRefuses,
} from '../../arena/other-installation.ts';
import { createLedger } from '../../oracle/ledger.ts';
import { judgeArena } from '../../sweep/campaign.ts';
import { generateWorkload } from '../../workload/generate.ts';
import { drain, type TrialFinding } from './drain.ts';

const LIMIT_MS = 60_000;
const PEOPLE = { seed: 16, prefix: 's', persons: 40, conflictShare: 0, poisonShare: 0 } as const;

/**
 * A relay of another installation, on an empty database, is given the same topics. `fenced`: the one
 * that publishes them was kept from it, if only once.
 */
export async function secondInstallation(servers: Servers): Promise<readonly TrialFinding[]> {
  await using arena = await openArena(servers, { reconcilers: 1, relays: 1, partitions: 1 });
  await using other = await createInstallation(servers);
  await using stranger = await spawnStranger(arena, other);
  const { lifecycle, access } = arena.topics.names;
  await untilItRefuses(stranger, [lifecycle, access], LIMIT_MS);
  const ledger = createLedger();
  const records = generateWorkload({ ...PEOPLE, histories: 'joiners' });
  ledger.sent(records);
  await arena.send(records);
  const found = [...(await drain(arena)), ...(await judgeArena(arena, ledger))];
  const failures = arena
    .of('relay')
    .reduce((sum, member) => sum + publishingFailures(member.output()), 0);
  const fenced = { check: 'fenced', detail: `publishing failed ${failures} times` };
  return failures === 0 ? found : [fenced, ...found];
}
