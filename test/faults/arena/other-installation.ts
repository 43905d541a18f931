import { createDatabaseOn, type TestDatabase } from '../../support/create-database.ts';
import { eventually } from '../../support/eventually.ts';
import { type ChildService, spawnService } from '../../support/process.ts';
import type { Arena, Servers } from './arena.ts';

/** An empty, migrated database with a different installation id. */
export async function createInstallation({ databaseUrl, runId }: Servers): Promise<TestDatabase> {
  const database = await createDatabaseOn(databaseUrl, runId);
  await database.query('update output_state set installation_id = gen_random_uuid()');
  return database;
}

/** Starts a relay on another database that is misconfigured with the topics of the arena. */
export function spawnForeignRelay({ env }: Arena, { url }: TestDatabase): Promise<ChildService> {
  return spawnService('relay', { env: { ...env, DATABASE_URL: url } });
}

/** Waits until a relay has logged that it refuses these topics. */
export async function untilRefusedBy(
  relay: ChildService,
  topics: readonly string[],
  limitMs: number,
): Promise<void> {
  const missing = (): readonly string[] => {
    const lines = relay.output().split('\n');
    const refused = lines.filter((line) => line.includes('"topic refused"'));
    return topics.filter((topic) => !refused.some((line) => line.includes(topic)));
  };
  await eventually('topics not refused', missing, (left) => left.length === 0, limitMs);
}
