import { userInfo } from 'node:os';
import { Failure } from '@latchkey/contracts';
import { listProgress } from '@latchkey/postgres';
import { printRows } from './print.ts';
import { FLAG, verb } from './verb.ts';

/** How far each input partition was read, and what became of its deliveries. */
export const progressShow = verb({
  command: 'progress show',
  usage: '[--json]',
  options: { json: FLAG },
  run: async ({ db }, { json }) => {
    printRows(await db.run(listProgress, {}), json);
  },
});

/**
 * The name under which an operator's deeds are on record.
 *
 * @param configured - `OPERATOR`; where it is not set the login name counts
 * @param loginName - throws where the user id has no entry, as where a platform has made it up
 * @throws Failure CONFIG_INVALID where there is neither
 */
export function operatorName(
  configured: string | undefined,
  loginName: () => string = () => userInfo().username,
): string {
  if (configured !== undefined) return configured;
  try {
    return loginName();
  } catch (cause) {
    // The system knows no name for this user id; who did it must be on record all the same.
    const problems = ['OPERATOR: required, as this user has no name'];
    throw new Failure('CONFIG_INVALID', { problems }, { cause });
  }
}
