import { copyDatabaseOn } from '../../support/create-database.ts';
import type { Arena } from '../arena/arena.ts';
import { publishingFailures } from '../arena/failures.ts';
import { createInstallation, spawnStranger, untilItRefuses } from '../arena/other-installation.ts';
import { type Disaster, secondsSince } from './disaster.ts';
import { LIMIT_MS } from './limits.ts';

/**
 * Relays on an empty database and on a restored copy are given the topics of an installation that
 * publishes: they are refused, and it does not notice.
 */
export const twoInstallations: Disaster = {
  section: 'Two installations on the same topics',
  play: async ({ stack, arena, load, print }) => {
    await using empty = await createInstallation({ ...arena.servers, ...stack });
    await using copy = await copyDatabaseOn(stack.databaseUrl, arena.database);
    // The copy ends the sessions of the original, which now is ahead of it.
    await load.flows();
    await load.flows();
    const before = failuresIn(arena);
    const startedMs = performance.now();
    await using first = await spawnStranger(arena, empty);
    await using second = await spawnStranger(arena, copy);
    const { lifecycle, access } = arena.topics.names;
    await untilItRefuses(first, [lifecycle, access], LIMIT_MS);
    await untilItRefuses(second, [lifecycle, access], LIMIT_MS);
    const refused = secondsSince(startedMs);
    // For as long as they look at the topics again.
    for (let waves = 0; waves < 5; waves += 1) await load.flows();
    const failures = failuresIn(arena) - before;
    if (failures > 0) throw new Error(`the healthy relays failed ${failures} times`);
    print(`refused both ${refused} after their start; the others went on`);
    return `both refused ${refused} after their start, the others failed ${failures} times`;
  },
};

function failuresIn(arena: Arena): number {
  return arena.of('relay').reduce((sum, member) => sum + publishingFailures(member.output()), 0);
}
