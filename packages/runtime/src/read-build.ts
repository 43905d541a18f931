import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const FOLDERS = ['packages', 'services'];
const LOCK_FILE = 'package-lock.json';
const HEX_DIGITS = 16;

/**
 * Identifies the code of this process: two have the same build where they were started with the same sources and the same versions of
 * what these import. Hexadecimal digits.
 *
 * @param root - folder of the checkout or of the image
 */
export async function readBuild(root = ROOT): Promise<string> {
  const listed = await Promise.all(FOLDERS.map((folder) => listSources(root, folder)));
  const files = [LOCK_FILE, ...listed.flat().sort()];
  const contents = await Promise.all(files.map((file) => readFile(join(root, file)).catch(asNone)));
  const hash = createHash('sha256');
  for (const [at, file] of files.entries()) hash.update(`${file}\n`).update(contents[at] ?? '');
  return hash.digest('hex').slice(0, HEX_DIGITS);
}

async function listSources(root: string, folder: string): Promise<readonly string[]> {
  const packages = await readdir(join(root, folder));
  const listed = await Promise.all(
    packages.map(async (name) => {
      const own = join(folder, name, 'src');
      const names = await readdir(join(root, own), { recursive: true }).catch(() => []);
      return names.filter(isSource).map((file) => join(own, file));
    }),
  );
  return listed.flat();
}

function isSource(file: string): boolean {
  return file.endsWith('.ts') && !/[.]test(?:-support)?[.]ts$/.test(file);
}

/** An image may lack the file. */
function asNone(): string {
  return '';
}
