import { userInfo } from 'node:os';
import { Failure } from '@latchkey/contracts';
import { listProgress } from '@latchkey/postgres';
import { printRows } from './print.ts';
import { FLAG, verb } from './verb.ts';

/** Shows the position of each input partition, and the counts of its deliveries by disposition. */
export const progressShow = verb({
  command: 'progress show',
  usage: '[--json]',
  options: { json: FLAG },
  run: async ({ db }, { json }) => {
    printRows(await db.run(listProgress, {}), json);
  },
});

/**
 * The name that is recorded for an operator in the audit trail.
 *
 * @param configured - `OPERATOR`; undefined: the login name counts
 * @param loginName - throws where the user id has no entry, as with an arbitrary user id in a container
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
    // The system has no name for this user id, but the audit trail needs one.
    const problems = ['OPERATOR: required, as this user has no name'];
    throw new Failure('CONFIG_INVALID', { problems }, { cause });
  }
}
