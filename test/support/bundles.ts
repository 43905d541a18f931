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
/** Goes with `npm ci`, and what a file in there imports is found as from the sources. */
const FOLDER = join(ROOT, 'node_modules', '.cache', 'bundles');
const START_LIMIT_MS = 180_000;
/** No run takes as long. */
const KEPT_MS = 24 * 3_600_000;

/** What tests start again and again. */
const SCRIPTS = [
  'services/operator/src/main.ts',
  'services/operator/src/migrate.ts',
  'services/reconciler/src/main.ts',
  'services/relay/src/main.ts',
  'test/faults/failpoints/reconciler.ts',
  'test/faults/failpoints/relay.ts',
];

/** These are found as they are installed: kafkajs is patched inside, and the others load native code where there is any. */
const EXTERNAL = [/^kafkajs/, 'lz4-napi', 'pg-native', 'snappy'];

/** Where the processes that run test files find which file holds which script: JSON, by the path in the repository. */
const VARIABLE = 'LATCHKEY_BUNDLES';

/**
 * Makes one file of each service and everything that it imports, and lets `bundleOf` find it in this process and in those that run test files. A start then reads one file and not 1,050, which takes a quarter of the processor time.
 *
 * Files are named by their content, so that two checkouts or two runs may make them at once. None are made where the
 * environment says already which there are.
 */
export async function makeBundles(): Promise<void> {
  if (process.env[VARIABLE] !== undefined) return;
  await mkdir(FOLDER, { recursive: true });
  const files = await Promise.all(
    SCRIPTS.map(async (script) => [script, await makeBundle(script)]),
  );
  process.env[VARIABLE] = JSON.stringify(Object.fromEntries(files));
}

/** The file to run in the place of a script of this repository; the script itself where none was made. */
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
  // Node keeps what it compiles when a process ends in order.
  const options = { env: childEnv(), timeout: START_LIMIT_MS };
  await promisify(execFile)(process.execPath, [file, '--help'], options).catch(() => undefined);
  return file;
}

/** Sources change often, and nobody starts what was made of older ones. */
async function dropUnused(): Promise<void> {
  for (const name of await readdir(FOLDER)) {
    const file = join(FOLDER, name);
    const { mtimeMs } = await stat(file).catch(() => ({ mtimeMs: Infinity }));
    if (Date.now() - mtimeMs > KEPT_MS) await rm(file, { force: true });
  }
}

/** Modules that look for files beside them find them where the sources are. */
const ownUrls: Plugin = {
  name: 'own-urls',
  transform: {
    filter: { id: /[.]ts$/, code: /import[.]meta[.]url/ },
    handler: (code, id) =>
      code.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(id).href)),
  },
};
