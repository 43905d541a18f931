import { type Disaster, type Scene, secondsSince } from './disaster.ts';
import { LIMIT_MS } from './limits.ts';
import { findingOf, operate, untilRefused, untilStopped } from './operate.ts';
import { administer, createTopic, deleteTopic, endOf } from './topics.ts';

const PARTITIONS = 3;

/** An input topic is made again while it is read: its log ends before our position. */
export const inputRecreated: Disaster = {
  section: 'An input topic was made again',
  play: async (scene) => {
    const { arena, load } = scene;
    const name = arena.topics.names['workforce-events'];
    await load.pause();
    await arena.taken(LIMIT_MS);
    await administer(arena, async (admin) => {
      await deleteTopic(admin, name);
      await createTopic(admin, name);
    });
    const startedMs = performance.now();
    const codes = await untilStopped(arena, PARTITIONS);
    const noticed = secondsSince(startedMs);
    load.resume();
    return `${await accept(scene, codes)}; noticed after ${noticed}`;
  },
};

/** An input topic is made again and filled while nobody reads: another record stands at our position. */
export const inputReplaced: Disaster = {
  section: 'An input topic was made again',
  play: async (scene) => {
    const { arena, load } = scene;
    const name = arena.topics.names['workforce-events'];
    await load.pause();
    await arena.taken(LIMIT_MS);
    const reconcilers = arena.of('reconciler');
    await Promise.all(reconcilers.map((member) => member.process().end('SIGTERM')));
    await administer(arena, async (admin) => {
      const end = await endOf(admin, name);
      await deleteTopic(admin, name);
      await createTopic(admin, name);
      while ((await endOf(admin, name)) < end * 2) await load.wave();
    });
    await Promise.all(reconcilers.map((member) => member.relaunch()));
    const codes = await untilStopped(arena, PARTITIONS);
    load.resume();
    return accept(scene, codes);
  },
};

async function accept({ arena, print }: Scene, codes: readonly string[]): Promise<string> {
  const name = arena.topics.names['workforce-events'];
  for (let partition = 0; partition < PARTITIONS; partition += 1) {
    const finding = await findingOf(arena, name, partition);
    const accept = ['progress', 'accept', name, String(partition), '--finding', finding];
    print((await operate(arena, ...accept)).trim());
  }
  return `stopped: ${[...new Set(codes)].join(', ')}; accepted`;
}

/** An output topic is deleted while it is published, and made again. */
export const outputRecreated: Disaster = {
  section: 'An output topic was made again',
  play: async ({ arena, load, print }) => {
    const name = arena.topics.names.access;
    await administer(arena, async (admin) => {
      await deleteTopic(admin, name);
      print(`refused: ${(await untilRefused(arena)).join(', ')}`);
      await createTopic(admin, name);
    });
    await load.wave();
    const startedMs = performance.now();
    const said = await operate(arena, 'relay', 'replay', '--topic', name);
    print(said.trim().replaceAll('\n', '; '));
    return `replay took ${secondsSince(startedMs)}`;
  },
};
