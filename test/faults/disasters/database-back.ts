import { eventually } from '../../support/eventually.ts';
import type { Arena } from '../arena/arena.ts';
import { type Disaster, type Scene, secondsSince } from './disaster.ts';
import { LIMIT_MS } from './limits.ts';
import { endAll, launchAll, operate, untilRefused } from './operate.ts';

const SECTION = 'The database went back';

/** A base copy is put back, long after it was made. The services were ended before. */
export const databaseRestored: Disaster = {
  section: SECTION,
  forgets: true,
  play: async (scene) => {
    const { stack, arena, load } = scene;
    const copy = await copyOf(scene);
    // An hour's worth of everything: people who came, changed and left, and verifications that ended.
    for (let waves = 0; waves < 8; waves += 1) await load.flows();
    const forgotten = await countMessages(arena);
    await endAll(arena);
    await stack.stopDatabase('fast');
    await stack.restoreDatabase(copy);
    await stack.startDatabase();
    const left = await countMessages(arena);
    await launchAll(arena);
    const mended = await rebase(scene);
    return `${forgotten - left} messages forgotten; ${mended}`;
  },
};

/** A standby that lacks the last commits takes over, while everything runs. */
export const commitsLost: Disaster = {
  section: SECTION,
  forgets: true,
  play: async (scene) => {
    const { stack, arena, load } = scene;
    const copy = await copyOf(scene);
    await load.flows();
    const forgotten = await countMessages(arena);
    await stack.stopDatabase('immediate');
    await stack.restoreDatabase(copy);
    await stack.startDatabase();
    const left = await countMessages(arena);
    const mended = await rebase(scene);
    return `about ${forgotten - left} messages forgotten; ${mended}`;
  },
};

async function copyOf({ stack, load }: Scene): Promise<string> {
  await stack.stopDatabase('fast');
  const copy = await stack.copyDatabase();
  await stack.startDatabase();
  await load.flows();
  return copy;
}

async function rebase({ arena, print }: Scene): Promise<string> {
  const refused = await untilRefused(arena);
  print(`refused: ${refused.join(', ')}`);
  const startedMs = performance.now();
  const said = await eventually('inputs caught up', () => tryRebase(arena), Boolean, LIMIT_MS);
  print(said.trim().replaceAll('\n', '; '));
  return `rebase took ${secondsSince(startedMs)}: ${said.trim().replaceAll('\n', '; ')}`;
}

/** Empty where the inputs still lag: an operator runs it again then. */
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
