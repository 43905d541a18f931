import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { EXAMPLE_POLICY_URL, loadPolicy } from './load-policy.ts';

const docs = readFileSync(new URL('../../../../docs/policy.md', import.meta.url), 'utf8');
const example = parse(readFileSync(EXAMPLE_POLICY_URL, 'utf8')) as Record<string, unknown>;
const blocks = [...docs.matchAll(/^```yaml\n(.*?)^```$/gms)].map((match) => match[1] ?? '');

it('finds the examples of the documentation', () => {
  expect(blocks.length).toBeGreaterThanOrEqual(4);
});

it.each(blocks)('accepts the example policy with this block of the documentation:\n%s', (block) => {
  const changed = { ...example };
  for (const [section, value] of Object.entries(parse(block) as Record<string, unknown>)) {
    const known = changed[section];
    changed[section] =
      typeof value === 'object' && typeof known === 'object' ? { ...known, ...value } : value;
  }
  expect(loadPolicy(stringify(changed)).hash).toMatch(/^[0-9a-f]{64}$/);
});
