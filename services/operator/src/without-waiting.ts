import { asUnreachable } from '@latchkey/postgres';

/**
 * Does the work of a command, which does not wait for a database that is away.
 *
 * @param signal - aborted when the command was asked to end: what it fails with then is a consequence
 * @throws Failure DATABASE_UNREACHABLE where there was no connection to be had
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
