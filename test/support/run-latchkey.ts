import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { bundleOf } from './bundles.ts';
import { childEnv } from './child-env.ts';

/** The script of `npm run latchkey`. */
export const MAIN = fileURLToPath(new URL('../../services/operator/src/main.ts', import.meta.url));
/** The script of `npm run migrate`. */
export const MIGRATE = fileURLToPath(
  new URL('../../services/operator/src/migrate.ts', import.meta.url),
);

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the operators' command line in its own process. */
export function runLatchkey(
  env: Readonly<Record<string, string>>,
  ...args: readonly string[]
): Promise<CommandResult> {
  return runScript(MAIN, env, ...args);
}

/** Runs one script in its own process. */
export function runScript(
  script: string,
  env: Readonly<Record<string, string>>,
  ...args: readonly string[]
): Promise<CommandResult> {
  return new Promise((resolve) => {
    const options = { env: { ...childEnv(), ...env } };
    execFile(process.execPath, [bundleOf(script), ...args], options, (error, stdout, stderr) => {
      const code = error === null ? 0 : Number(error.code ?? -1);
      resolve({ code, stdout, stderr });
    });
  });
}
