import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '@latchkey/contracts';
import { EXAMPLE_POLICY_URL } from '@latchkey/domain';
import { expect, test } from 'vitest';
import { openPolicy } from './open-policy.ts';

const example = await readFile(EXAMPLE_POLICY_URL, 'utf8');

/** The hash of the policy in these bytes, or the code and problems of its refusal. */
async function opened(bytes: Buffer): Promise<unknown> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-policy-'));
  const file = join(folder, 'policy.yaml');
  try {
    await writeFile(file, bytes);
    return (await openPolicy(file)).hash;
  } catch (error) {
    return error instanceof Failure ? [error.code, error.details['problems']] : error;
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('a policy in another encoding is refused with line and column', async () => {
  const text = `# Qualität\n${example}`;
  expect(await opened(Buffer.from(text, 'latin1'))).toEqual([
    'POLICY_INVALID',
    ['line 1: column 9: not UTF-8; save the file in that encoding'],
  ]);
  expect(await opened(Buffer.from(text, 'utf16le'))).not.toEqual(expect.any(String));
});

test('a byte order mark at the beginning changes nothing', async () => {
  const hash = await opened(Buffer.from(example));
  expect(hash).toMatch(/^[0-9a-f]{64}$/);
  expect(await opened(Buffer.from(`\ufeff${example}`))).toBe(hash);
});
