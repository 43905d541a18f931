import { createHash } from 'node:crypto';
import { glob, readFile } from 'node:fs/promises';

/** SHA-256 of the sources that a result depends on, without the test harness: 64 hexadecimal digits. */
export async function digestOfSources(root: string): Promise<string> {
  const files: string[] = [];
  for await (const file of glob('{packages,services,migrations}/**/*.{ts,mjs,sql,yaml}', {
    cwd: root,
    exclude: (path) => path === 'node_modules' || path.endsWith('.test.ts'),
  })) {
    files.push(file);
  }
  const hash = createHash('sha256');
  for (const file of files.sort()) {
    hash.update(`${file}\n`);
    hash.update(await readFile(`${root}/${file}`));
  }
  return hash.digest('hex');
}
