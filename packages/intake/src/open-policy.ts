import { readFile } from 'node:fs/promises';
import { Failure, readUtf8 } from '@latchkey/contracts';
import { EXAMPLE_POLICY_URL, loadPolicy, type Policy } from '@latchkey/domain';

/**
 * The policy of this installation.
 *
 * @param file - its path; undefined for the example policy
 * @throws Failure `POLICY_INVALID`, with every problem that was found
 */
export async function openPolicy(file: string | undefined): Promise<Policy> {
  const read = readUtf8(await readPolicy(file));
  if ('text' in read) return loadPolicy(read.text);
  const { line, column } = read;
  const problem = `line ${line}: column ${column}: not UTF-8; save the file in that encoding`;
  throw new Failure('POLICY_INVALID', { problems: [problem] });
}

async function readPolicy(file: string | undefined): Promise<Buffer> {
  try {
    return await readFile(file ?? EXAMPLE_POLICY_URL);
  } catch (cause) {
    const problems = [`POLICY_FILE: ${file ?? 'the example policy'} cannot be read`];
    throw new Failure('POLICY_INVALID', { problems }, { cause });
  }
}
