import { RELAY_GROUP } from '@latchkey/publication';
import { eventually } from '../../support/eventually.ts';
import { type Disaster, formatSecondsSince, type Scene } from './disaster.ts';
import { LIMIT_MS } from './limits.ts';
import { endAll } from './operate.ts';
import { sumLogEnds, withAdmin } from './topics.ts';

/** Both consumer groups are deleted while they are empty. Nothing happens: positions are in the database. */
export const groupsDeleted: Disaster = {
  section: 'Consumer groups or producer ids are gone',
  run: async ({ arena, load }) => {
    await load.untilPublished();
    await endAll(arena);
    await withAdmin(arena, (admin) =>
      admin.deleteGroups([arena.env['GROUP_ID'] ?? '', RELAY_GROUP]),
    );
    const startedMs = performance.now();
    await Promise.all(arena.members.map((member) => member.restart()));
    await load.untilPublished();
    return `resumed ${formatSecondsSince(startedMs)} after the start`;
  },
};

const TRANSACTION_LOG = '__transaction_state';
const EXPIRY = {
  'transactional.id.expiration.ms': '2000',
  'transaction.remove.expired.transaction.cleanup.interval.ms': '500',
  'producer.id.expiration.ms': '2000',
  'producer.id.expiration.check.interval.ms': '500',
};

/** The brokers expire the relays' producers while there is nothing to publish. */
export const producersExpired: Disaster = {
  section: 'Consumer groups or producer ids are gone',
  stack: { brokerSettings: EXPIRY },
  run: async (scene) => {
    await scene.load.pause();
    await scene.arena.drained(LIMIT_MS);
    await untilExpired(scene);
    const startedMs = performance.now();
    scene.load.resume();
    await scene.load.untilPublished();
    const failures = scene.arena
      .of('relay')
      .flatMap(({ output }) => output().split('\n'))
      .filter((line) => line.includes('publishing failed')).length;
    return `resumed after ${formatSecondsSince(startedMs)}; ${failures} transactions failed`;
  },
};

/** While nothing is published, only the expiry of ids writes to the transaction log. */
async function untilExpired({ arena }: Scene): Promise<void> {
  await withAdmin(arena, async (admin) => {
    const before = await sumLogEnds(admin, TRANSACTION_LOG);
    const written = async (): Promise<number> =>
      (await sumLogEnds(admin, TRANSACTION_LOG)) - before;
    await eventually('expired ids', written, (count) => count >= 3, LIMIT_MS);
  });
}
