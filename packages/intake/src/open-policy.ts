import { readFile } from 'node:fs/promises';
import { Failure } from '@latchkey/contracts';
import { EXAMPLE_POLICY_URL, loadPolicy, type Policy } from '@latchkey/domain';

/**
 * The policy of this installation.
 *
 * @param file - its path; undefined for the example policy
 * @throws Failure `POLICY_INVALID`, with every problem that was found
 */
export async function openPolicy(file: string | undefined): Promise<Policy> {
  return loadPolicy(await readPolicy(file));
}

async function readPolicy(file: string | undefined): Promise<string> {
  try {
    return await readFile(file ?? EXAMPLE_POLICY_URL, 'utf8');
  } catch (cause) {
    const problems = [`POLICY_FILE: ${file ?? 'the example policy'} cannot be read`];
    throw new Failure('POLICY_INVALID', { problems }, { cause });
  }
}
