import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { type Plugin, rolldown } from 'rolldown';
import { childEnv } from './child-env.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** `npm ci` deletes it; imports of a file in it resolve as those of the sources. */
const FOLDER = join(ROOT, 'node_modules', '.cache', 'bundles');
const START_LIMIT_MS = 180_000;
/** Longer than any run. */
const KEPT_MS = 24 * 3_600_000;

/** Scripts that tests start often. */
const SCRIPTS = [
  'services/operator/src/main.ts',
  'services/operator/src/migrate.ts',
  'services/reconciler/src/main.ts',
  'services/relay/src/main.ts',
  'test/faults/failpoints/reconciler.ts',
  'test/faults/failpoints/relay.ts',
];

/** Not bundled: kafkajs is patched inside, and the others load native code if it is installed. */
const EXTERNAL = [/^kafkajs/, 'lz4-napi', 'pg-native', 'snappy'];

/** Tells processes that run test files the bundle of each script: JSON, by the path in the repository. */
const VARIABLE = 'LATCHKEY_BUNDLES';

/**
 * Bundles each service with everything that it imports, and makes the bundles known to `bundleOf` in this process and in those that run test files.
 * A start then reads one file instead of 1,050, and needs a quarter of the processor time.
 *
 * Bundles are named by their content, so that two checkouts or two runs may create them at once. None are created where the
 * environment names them already.
 */
export async function makeBundles(): Promise<void> {
  if (process.env[VARIABLE] !== undefined) return;
  await mkdir(FOLDER, { recursive: true });
  const files = await Promise.all(
    SCRIPTS.map(async (script) => [script, await makeBundle(script)]),
  );
  process.env[VARIABLE] = JSON.stringify(Object.fromEntries(files));
}

/** The bundle of a script of this repository; the script itself where there is none. */
export function bundleOf(script: string): string {
  const files = JSON.parse(process.env[VARIABLE] ?? '{}') as Readonly<Record<string, string>>;
  return files[relative(ROOT, script)] ?? script;
}

async function makeBundle(script: string): Promise<string> {
  const build = await rolldown({
    input: join(ROOT, script),
    platform: 'node',
    external: EXTERNAL,
    plugins: [ownUrls],
    logLevel: 'silent',
  });
  const { output } = await build.generate({ format: 'esm', codeSplitting: false });
  await build.close();
  const { code } = output[0];
  const name = script.replaceAll('/', '-').replace(/[.]ts$/, '');
  const digest = createHash('sha256').update(code).digest('hex').slice(0, 16);
  const file = join(FOLDER, `${name}-${digest}.mjs`);
  await dropUnused();
  if (existsSync(file)) {
    await utimes(file, new Date(), new Date());
    return file;
  }
  const draft = `${file}.${process.pid}.draft`;
  await writeFile(draft, code);
  await rename(draft, file);
  // Node writes its compile cache when a process ends regularly.
  const options = { env: childEnv(), timeout: START_LIMIT_MS };
  await promisify(execFile)(process.execPath, [file, '--help'], options).catch(() => undefined);
  return file;
}

/** Sources change often, and bundles of older ones are not used again. */
async function dropUnused(): Promise<void> {
  for (const name of await readdir(FOLDER)) {
    const file = join(FOLDER, name);
    const { mtimeMs } = await stat(file).catch(() => ({ mtimeMs: Infinity }));
    if (Date.now() - mtimeMs > KEPT_MS) await rm(file, { force: true });
  }
}

/** Modules that read files beside them find them next to the sources. */
const ownUrls: Plugin = {
  name: 'own-urls',
  transform: {
    filter: { id: /[.]ts$/, code: /import[.]meta[.]url/ },
    handler: (code, id) =>
      code.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(id).href)),
  },
};
