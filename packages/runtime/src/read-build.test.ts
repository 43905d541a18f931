import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readBuild } from './read-build.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'latchkey-build-'));
  for (const folder of ['packages/a/src/b', 'services/c/src']) {
    await mkdir(join(root, folder), { recursive: true });
  }
  await write('packages/a/src/b/one.ts', 'one');
  await write('services/c/src/two.ts', 'two');
});
afterEach(async () => {
  await rm(root, { recursive: true });
});

function write(file: string, text: string): Promise<void> {
  return writeFile(join(root, file), text);
}

test('the same sources are the same build, also with other tests', async () => {
  const build = await readBuild(root);
  expect(build).toMatch(/^[0-9a-f]{16}$/);
  await write('services/c/src/two.test.ts', 'test');
  expect(await readBuild(root)).toBe(build);
});

test.each([
  ['packages/a/src/b/one.ts', 'changed'],
  ['services/c/src/three.ts', ''],
  ['package-lock.json', '{}'],
])('with another %s it is another build', async (file, text) => {
  const build = await readBuild(root);
  await write(file, text);
  expect(await readBuild(root)).not.toBe(build);
});

test('this checkout has a build', async () => {
  expect(await readBuild()).toMatch(/^[0-9a-f]{16}$/);
});
