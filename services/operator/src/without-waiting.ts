import { asUnreachable } from '@latchkey/postgres';

/**
 * Runs the work of a command, which fails at once when the database is unreachable.
 *
 * @param signal - aborted when the command is asked to end: the error of the work is then thrown as it is
 * @throws Failure DATABASE_UNREACHABLE where no connection could be opened
 */
export async function withoutWaiting(
  signal: AbortSignal,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw signal.aborted ? error : asUnreachable(error);
  }
}
