import { copyDatabaseOn } from '../../support/create-database.ts';
import type { Arena } from '../arena/arena.ts';
import { countPublishFailures } from '../arena/failures.ts';
import {
  createInstallation,
  spawnForeignRelay,
  untilRefusedBy,
} from '../arena/other-installation.ts';
import { type Disaster, formatSecondsSince } from './disaster.ts';
import { LIMIT_MS } from './limits.ts';

/**
 * Relays on an empty database and on a restored copy start with the topics of a publishing
 * installation. Both are refused; the publishing relays are not affected.
 */
export const twoInstallations: Disaster = {
  section: 'Two installations on the same topics',
  run: async ({ stack, arena, load, print }) => {
    await using empty = await createInstallation({ ...arena.servers, ...stack });
    await using copy = await copyDatabaseOn(stack.databaseUrl, arena.database);
    // The copy terminated the sessions of the original; now the original is ahead of the copy.
    await load.untilPublished();
    await load.untilPublished();
    const before = countFailures(arena);
    const startedMs = performance.now();
    await using first = await spawnForeignRelay(arena, empty);
    await using second = await spawnForeignRelay(arena, copy);
    const { lifecycle, access } = arena.topics.names;
    await untilRefusedBy(first, [lifecycle, access], LIMIT_MS);
    await untilRefusedBy(second, [lifecycle, access], LIMIT_MS);
    const refused = formatSecondsSince(startedMs);
    // Meanwhile the refused relays check the topics again.
    for (let waves = 0; waves < 5; waves += 1) await load.untilPublished();
    const failures = countFailures(arena) - before;
    if (failures > 0) throw new Error(`the healthy relays failed ${failures} times`);
    print(`refused both ${refused} after their start; the others kept publishing`);
    return `both refused ${refused} after their start, the others failed ${failures} times`;
  },
};

function countFailures(arena: Arena): number {
  return arena.of('relay').reduce((sum, member) => sum + countPublishFailures(member.output()), 0);
}
