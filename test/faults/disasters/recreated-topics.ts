import { type Disaster, formatSecondsSince, type Scene } from './disaster.ts';
import { LIMIT_MS } from './limits.ts';
import { operate, readFinding, untilRefused, untilStopped } from './operate.ts';
import { createTopic, deleteTopic, sumLogEnds, withAdmin } from './topics.ts';

const PARTITIONS = 3;

/** An input topic is recreated while it is read: its log ends before our position. */
export const inputRecreated: Disaster = {
  section: 'An input topic was recreated',
  run: async (scene) => {
    const { arena, load } = scene;
    const name = arena.topics.names['workforce-events'];
    await load.pause();
    await arena.processed(LIMIT_MS);
    await withAdmin(arena, async (admin) => {
      await deleteTopic(admin, name);
      await createTopic(admin, name);
    });
    const startedMs = performance.now();
    const codes = await untilStopped(arena, PARTITIONS);
    const noticed = formatSecondsSince(startedMs);
    load.resume();
    return `${await accept(scene, codes)}; noticed after ${noticed}`;
  },
};

/** An input topic is recreated and filled while no reconciler runs: another record is at our position. */
export const inputReplaced: Disaster = {
  section: 'An input topic was recreated',
  run: async (scene) => {
    const { arena, load } = scene;
    const name = arena.topics.names['workforce-events'];
    await load.pause();
    await arena.processed(LIMIT_MS);
    const reconcilers = arena.of('reconciler');
    await Promise.all(reconcilers.map((member) => member.process().end('SIGTERM')));
    await withAdmin(arena, async (admin) => {
      const end = await sumLogEnds(admin, name);
      await deleteTopic(admin, name);
      await createTopic(admin, name);
      while ((await sumLogEnds(admin, name)) < end * 2) await load.wave();
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
    const finding = await readFinding(arena, name, partition);
    const accept = ['progress', 'accept', name, String(partition), '--finding', finding];
    print((await operate(arena, ...accept)).trim());
  }
  return `stopped: ${[...new Set(codes)].join(', ')}; accepted`;
}

/** An output topic is deleted while relays publish, and recreated. */
export const outputRecreated: Disaster = {
  section: 'An output topic was recreated',
  run: async ({ arena, load, print }) => {
    const name = arena.topics.names.access;
    await withAdmin(arena, async (admin) => {
      await deleteTopic(admin, name);
      print(`refused: ${(await untilRefused(arena)).join(', ')}`);
      await createTopic(admin, name);
    });
    await load.wave();
    const startedMs = performance.now();
    const output = await operate(arena, 'relay', 'replay', '--topic', name);
    print(output.trim().replaceAll('\n', '; '));
    return `replay took ${formatSecondsSince(startedMs)}`;
  },
};
