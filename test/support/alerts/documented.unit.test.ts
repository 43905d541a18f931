import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { readAlerts } from './read-alerts.ts';

const TESTS = new URL('../../e2e/', import.meta.url);

test('each documented alert is provoked by a test', async () => {
  const files = (await readdir(TESTS)).filter((name) => name.endsWith('.test.ts'));
  const sources = await Promise.all(files.map((name) => readFile(new URL(name, TESTS), 'utf8')));
  const asking = sources.filter((source) => source.includes('Alerts.open('));
  const names = [...(await readAlerts()).keys()];

  expect(names.length).toBeGreaterThan(10);
  expect(names.filter((name) => !asking.some((source) => source.includes(`'${name}'`)))).toEqual(
    [],
  );
});
