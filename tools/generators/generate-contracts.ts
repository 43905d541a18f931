/**
 * Writes docs/contracts from the schemas in code. With `--check` it writes nothing, and ends with exit
 * code 1 and the names of the files that are not current, missing or left over.
 */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { contractDocuments } from './contract-documents.ts';

const { values: given } = parseArgs({ options: { check: { type: 'boolean' } } });
const folder = join(import.meta.dirname, '../../docs/contracts');
const wanted = contractDocuments();

await mkdir(folder, { recursive: true });
const present = new Map<string, string>();
for (const file of await readdir(folder)) {
  present.set(file, await readFile(join(folder, file), 'utf8'));
}
const stale = [...wanted].filter(([file, text]) => present.get(file) !== text);
const leftOver = [...present.keys()].filter((file) => !wanted.has(file));

if (given.check === true) {
  for (const file of [...stale.map(([name]) => name), ...leftOver]) {
    console.error(`docs/contracts/${file} is not current: run \`npm run contracts\``);
    process.exitCode = 1;
  }
} else {
  for (const [file, text] of stale) await writeFile(join(folder, file), text);
  for (const file of leftOver) await rm(join(folder, file));
  console.log(
    `docs/contracts: ${wanted.size} files, ${stale.length} written, ${leftOver.length} removed`,
  );
}
