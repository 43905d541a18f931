import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { childEnv } from '../../support/child-env.ts';
import { createDatabaseOn } from '../../support/create-database.ts';
import type { SourceCopy } from '../../support/source-copy.ts';
import type { Arm } from '../arms/arm.ts';
import { openServiceArm } from '../arms/services.ts';
import type { Servers } from '../system.ts';

/** One of the two that are compared: reconciler and relay of one copy of the sources, on its own schema. */
export interface RevisionArm {
  readonly arm: Arm;
  /** The same servers; databases are created with the schema of the copy. */
  readonly servers: Servers;
}

const MIGRATION_LIMIT_MS = 180_000;

export async function openRevisionArm(
  servers: Servers,
  { name, what, copy }: { name: string; what: string; copy: SourceCopy },
): Promise<RevisionArm> {
  const root = `${copy.folder}/`;
  const runId = `${servers.runId}_${name.toLowerCase()}`;
  const migrate = (url: string): Promise<unknown> =>
    promisify(execFile)(process.execPath, [`${root}services/operator/src/migrate.ts`], {
      cwd: root,
      env: { ...childEnv(root), DATABASE_URL: url },
      timeout: MIGRATION_LIMIT_MS,
    });
  // Creates the template that later databases of this arm are copied from.
  await (await createDatabaseOn(servers.databaseUrl, runId, migrate))[Symbol.asyncDispose]();
  return {
    arm: {
      name,
      what,
      isNumbered: true,
      open: (system) => openServiceArm(system, { root }),
    },
    servers: { ...servers, runId },
  };
}
