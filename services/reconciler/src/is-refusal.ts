import { Failure } from '@latchkey/contracts';

/** True for what was found wrong and stays wrong until somebody changes it: waiting does not mend it. */
export function isRefusal(error: unknown): boolean {
  return error instanceof Failure;
}
