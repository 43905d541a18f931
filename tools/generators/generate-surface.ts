/**
 * `npm run surface`: writes docs/public-surface.json with what is new. Where something was removed or
 * changed it writes nothing without `--breaking`, prints what that is, and ends with exit code 1.
 */
import { writeFile } from 'node:fs/promises';
import { drawSurface } from '../../test/support/public-surface/draw.ts';
import {
  compareSurfaces,
  readSurface,
  SURFACE_FILE,
} from '../../test/support/public-surface/surface.ts';
import { CommandLine } from '../command-line.ts';

const isBreakingAllowed = new CommandLine({
  command: 'npm run surface --',
  options: { breaking: { type: 'boolean' } },
  usage: '[--breaking]',
}).readOrExit(({ breaking }) => breaking);
const surface = await drawSurface();
const { removed, changed, added } = compareSurfaces(await readSurface(), surface);
for (const line of removed) console.error(`removed: ${line}`);
for (const line of changed) console.error(`changed: ${line}`);
for (const line of added) console.log(`added: ${line}`);
if (removed.length + changed.length > 0 && !isBreakingAllowed) {
  console.error('breaking changes: --breaking writes them');
  process.exitCode = 1;
} else {
  await writeFile(SURFACE_FILE, `${JSON.stringify(surface, undefined, 2)}\n`);
}
