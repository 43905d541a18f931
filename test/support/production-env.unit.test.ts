import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { PRODUCTION_ENV } from './production-env.ts';

test('tests and measurements have the limits of the image', async () => {
  const image = await readFile(new URL('../../Dockerfile', import.meta.url), 'utf8');

  for (const [name, value] of Object.entries(PRODUCTION_ENV)) {
    expect(image.replaceAll('"', '')).toContain(`${name}=${value}`);
  }
});
