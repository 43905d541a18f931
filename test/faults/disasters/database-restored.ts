import { eventually } from '../../support/eventually.ts';
import type { Arena } from '../arena/arena.ts';
import { type Disaster, formatSecondsSince, type Scene } from './disaster.ts';
import { LIMIT_MS } from './limits.ts';
import { endAll, launchAll, operate, untilRefused } from './operate.ts';

const SECTION = 'The database was restored to an earlier state';

/** An old base backup is restored while the services are stopped. */
export const databaseRestored: Disaster = {
  section: SECTION,
  forgets: true,
  run: async (scene) => {
    const { stack, arena, load } = scene;
    const copy = await backUp(scene);
    // Joiners, movers, leavers and settled verifications since the backup.
    for (let waves = 0; waves < 8; waves += 1) await load.untilPublished();
    const before = await countMessages(arena);
    await endAll(arena);
    await stack.stopDatabase('fast');
    await stack.restoreDatabase(copy);
    await stack.startDatabase();
    const left = await countMessages(arena);
    await launchAll(arena);
    const repaired = await rebase(scene);
    return `${before - left} messages lost; ${repaired}`;
  },
};

/** A failover to a standby that lacks the last commits, while the services run. */
export const commitsLost: Disaster = {
  section: SECTION,
  forgets: true,
  run: async (scene) => {
    const { stack, arena, load } = scene;
    const copy = await backUp(scene);
    await load.untilPublished();
    const before = await countMessages(arena);
    await stack.stopDatabase('immediate');
    await stack.restoreDatabase(copy);
    await stack.startDatabase();
    const left = await countMessages(arena);
    const repaired = await rebase(scene);
    return `about ${before - left} messages lost; ${repaired}`;
  },
};

async function backUp({ stack, load }: Scene): Promise<string> {
  await stack.stopDatabase('fast');
  const copy = await stack.copyDatabase();
  await stack.startDatabase();
  await load.untilPublished();
  return copy;
}

async function rebase({ arena, print }: Scene): Promise<string> {
  const refused = await untilRefused(arena);
  print(`refused: ${refused.join(', ')}`);
  const startedMs = performance.now();
  const output = await eventually('inputs caught up', () => tryRebase(arena), Boolean, LIMIT_MS);
  print(output.trim().replaceAll('\n', '; '));
  return `rebase took ${formatSecondsSince(startedMs)}: ${output.trim().replaceAll('\n', '; ')}`;
}

/** Runs `relay rebase`. Resolves with its output; empty after `INPUTS_LAG`, when an operator retries. */
async function tryRebase(arena: Arena): Promise<string> {
  return operate(arena, 'relay', 'rebase').catch((error: unknown) => {
    if (error instanceof Error && error.message.includes('INPUTS_LAG')) return '';
    throw error;
  });
}

async function countMessages({ database }: Arena): Promise<number> {
  const [row] = await database.query<{ total: number }>(
    'select count(*)::float8 as total from outbox',
  );
  return row?.total ?? 0;
}
