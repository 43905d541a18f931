import { RELAY_GROUP } from '@latchkey/publication';
import { eventually } from '../../support/eventually.ts';
import { type Disaster, type Scene, secondsSince } from './disaster.ts';
import { LIMIT_MS } from './limits.ts';
import { endAll } from './operate.ts';
import { administer, endOf } from './topics.ts';

/** Both consumer groups are deleted while nobody is in them: nothing happens, positions are in the database. */
export const groupsDeleted: Disaster = {
  section: 'Consumer groups or producer ids are gone',
  play: async ({ arena, load }) => {
    await load.flows();
    await endAll(arena);
    await administer(arena, (admin) =>
      admin.deleteGroups([arena.env['GROUP_ID'] ?? '', RELAY_GROUP]),
    );
    const startedMs = performance.now();
    await Promise.all(arena.members.map((member) => member.restart()));
    await load.flows();
    return `went on ${secondsSince(startedMs)} after the start`;
  },
};

const TRANSACTION_LOG = '__transaction_state';
const EXPIRY = {
  'transactional.id.expiration.ms': '2000',
  'transaction.remove.expired.transaction.cleanup.interval.ms': '500',
  'producer.id.expiration.ms': '2000',
  'producer.id.expiration.check.interval.ms': '500',
};

/** The brokers forget the relays' producers while there is nothing to publish. */
export const producersExpired: Disaster = {
  section: 'Consumer groups or producer ids are gone',
  stack: { brokerSettings: EXPIRY },
  play: async (scene) => {
    await scene.load.pause();
    await scene.arena.drained(LIMIT_MS);
    await untilExpired(scene);
    const startedMs = performance.now();
    scene.load.resume();
    await scene.load.flows();
    const met = scene.arena
      .of('relay')
      .flatMap(({ output }) => output().split('\n'))
      .filter((line) => line.includes('publishing failed')).length;
    return `went on after ${secondsSince(startedMs)}; ${met} terms ended by it`;
  },
};

/** Nobody but the brokers themselves writes to the log of transactions while nothing is published. */
async function untilExpired({ arena }: Scene): Promise<void> {
  await administer(arena, async (admin) => {
    const before = await endOf(admin, TRANSACTION_LOG);
    const written = async (): Promise<number> => (await endOf(admin, TRANSACTION_LOG)) - before;
    await eventually('ids that were forgotten', written, (count) => count >= 3, LIMIT_MS);
  });
}
