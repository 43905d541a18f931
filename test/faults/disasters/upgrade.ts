import { Client } from 'pg';
import { eventually } from '../../support/eventually.ts';
import { type ChildService, spawnService, startService } from '../../support/process.ts';
import type { Arena } from '../arena/arena.ts';
import { createNextVersion } from './copy-sources.ts';
import { type Disaster, formatSecondsSince } from './disaster.ts';
import { LIMIT_MS } from './limits.ts';
import { runScript } from './operate.ts';

const SECTION = 'Upgrading';
const MIGRATE = 'services/operator/src/migrate.ts';
const NAME = '9000_next';
/** Adds a column and an index, and changes column types so that existing plans become invalid. */
const MIGRATION = `
alter table inbox add column remark text;
create index fact_by_event on fact (event_id, identity_id);
alter table intake_progress alter column stopped_detail type varchar(4000);
alter table relay_topic alter column refused_detail type varchar(4000);
`;

/** Under load, a migration waits for a lock of a long transaction, gives up, and is run again. */
export const migration: Disaster = {
  section: SECTION,
  run: async ({ arena, load, print }) => {
    await using next = await createNextVersion(NAME, MIGRATION);
    const env = { DATABASE_URL: arena.database.url };
    const blocker = new Client({ connectionString: arena.database.url });
    await blocker.connect();
    await blocker.query('begin; select count(*) from inbox');
    const first = await runScript(next.root, MIGRATE, env);
    if (first.code === 0 || !first.output.includes('55P03')) {
      throw new Error(`did not give up: ${first.code} ${first.output}`);
    }
    print('gave up waiting for a lock');
    await load.untilPublished();
    await blocker.query('commit');
    await blocker.end();
    const startedMs = performance.now();
    const second = await runScript(next.root, MIGRATE, env);
    if (second.code !== 0) throw new Error(second.output);
    const took = formatSecondsSince(startedMs);
    await load.untilPublished();
    const changed = arena.members.filter(({ output }) => output().includes('0A000')).length;
    return `the second run took ${took}; resumed after ${formatSecondsSince(startedMs)}; ${changed} processes had an invalidated plan`;
  },
};

/** Runs the next version beside this one, then alone, then this version on the newer schema. */
export const twoVersions: Disaster = {
  section: SECTION,
  run: async ({ arena, load, print }) => {
    await using owned = new AsyncDisposableStack();
    const { root } = owned.use(await createNextVersion(NAME, MIGRATION));
    await refusesToStart(arena, root);
    print('the next version refuses the schema of this one');
    const migrated = await runScript(root, MIGRATE, { DATABASE_URL: arena.database.url });
    if (migrated.code !== 0) throw new Error(migrated.output);
    const reconciler = owned.use(await startService('reconciler', { env: arena.env, root }));
    const relay = owned.use(await startService('relay', { env: arena.env, root }));
    await untilLogged(reconciler, 'batch processed');
    await load.untilPublished();
    print('both versions process load');
    for (const member of arena.members) await member.process().end('SIGTERM');
    await untilLogged(relay, 'topic acquired');
    await load.untilPublished();
    print('the next version alone');
    await Promise.all(arena.members.map((member) => member.restart()));
    await Promise.all([reconciler.end('SIGTERM'), relay.end('SIGTERM')]);
    await load.untilPublished();
    return 'side by side, upgraded, downgraded';
  },
};

async function refusesToStart({ env }: Arena, root: string): Promise<void> {
  for (const name of ['reconciler', 'relay']) {
    await using service = await spawnService(name, { env, root });
    const { code } = await service.exited;
    const output = service.output();
    if (code !== 2 || !output.includes('SCHEMA_OLD')) throw new Error(`${name}: ${code} ${output}`);
  }
}

async function untilLogged({ output }: ChildService, text: string): Promise<void> {
  const isLogged = (lines: string): boolean => lines.includes(text);
  await eventually(`"${text}"`, output, isLogged, LIMIT_MS);
}
