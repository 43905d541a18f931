import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXAMPLE_POLICY_URL } from '@latchkey/domain';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Alerts } from '../support/alerts/alerts.ts';
import { startService } from '../support/process.ts';
import { runLatchkey } from '../support/run-latchkey.ts';
import { openSystem, type TestSystem } from '../support/system.ts';

interface Shown {
  readonly about: string;
  readonly isAtWork: boolean;
}

/** A file with the example policy and another owner. */
async function otherPolicy(): Promise<AsyncDisposable & { readonly path: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-policy-'));
  const path = join(folder, 'policy.yaml');
  const text = await readFile(EXAMPLE_POLICY_URL, 'utf8');
  await writeFile(path, text.replace('identity-team@example.com', 'other-team@example.com'));
  return { path, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
}

let system: TestSystem;
beforeAll(async () => {
  system = await openSystem();
});
afterAll(async () => {
  await system[Symbol.asyncDispose]();
});

async function status(...args: readonly string[]): Promise<string> {
  return (await runLatchkey(system.env, 'status', ...args)).stdout;
}

async function shown(): Promise<readonly boolean[]> {
  const rows = (await status('--json')).trim().split('\n');
  return rows
    .map((row) => JSON.parse(row) as Shown)
    .filter(({ about }) => about === 'policy')
    .map(({ isAtWork }) => isAtWork);
}

test('two reconcilers with different policies are reported by status, a metric and an alert, until one ends', async () => {
  const { query } = system.database;
  const alerts = await Alerts.open(() => [system.reconciler()]);
  await expect.poll(() => alerts.values('latchkey_policies_at_work')).toEqual([1]);
  expect(alerts.firing('two policies')).toEqual([]);
  const [own] = await query<{ hash: string }>('select policy_hash as hash from policy_at_work');

  await using file = await otherPolicy();
  await using other = await startService('reconciler', {
    env: { ...system.env, POLICY_FILE: file.path },
  });

  await expect.poll(() => alerts.fires('two policies')).toBe(true);
  expect(other.output()).toContain('several policies are at work');
  expect(await shown()).toEqual([true, true]);
  expect(await status()).toContain('! 2 policies are at work');

  await other.end('SIGTERM');
  const age = (past: string): Promise<unknown> =>
    query('update policy_at_work set seen_at = seen_at - $2::interval where policy_hash <> $1', [
      own?.hash,
      past,
    ]);
  await age('31 seconds');
  await expect.poll(() => alerts.fires('two policies')).toBe(false);
  expect(await shown()).toEqual([true, false]);
  await age('5 minutes');
  await expect.poll(() => query('select from policy_at_work')).toHaveLength(1);
});
