import { expect, test } from 'vitest';
import { readCommitted, readResults, reportFiles } from './write.ts';

test('the committed report and plots match the committed results', async () => {
  const results = await readResults();
  if (results === undefined) throw new Error('expected docs/performance/results.json');

  for (const [path, text] of await reportFiles(results)) {
    expect(await readCommitted(path), path).toBe(text);
  }
});
