import { expect, test } from 'vitest';
import { readCommitted, readResults, reportFiles } from './write.ts';

test('the committed report and its plots say what the committed results say', async () => {
  const results = await readResults();
  if (results === undefined) throw new Error('expected docs/performance/results.json');

  for (const [path, text] of await reportFiles(results)) {
    expect(await readCommitted(path), path).toBe(text);
  }
});
