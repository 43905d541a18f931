import { expect, test } from 'vitest';
import { openSystem } from '../support/system.ts';

test('the age of what was read of the verification topic is measured at each look', async () => {
  await using system = await openSystem();
  const reconciler = await system.start('reconciler');
  const seen = new Set<string>();

  await expect
    .poll(async () => {
      const metrics = await (await fetch(`${reconciler.address}/metrics`)).text();
      const [, age] = /latchkey_read_through_age_seconds\{.*\} (\S+)/.exec(metrics) ?? [];
      if (age !== undefined) seen.add(age);
      return seen.size;
    })
    .toBeGreaterThan(2);
});
