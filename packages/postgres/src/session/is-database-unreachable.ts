import { sqlStateOf } from '../sql-state.ts';
import { ConnectError } from './settled-pool.ts';

const CAUSES_MAX_COUNT = 5;
/** Connection exceptions; the server shuts down, crashed or starts; it has no connection left; it ended the session for a time-out. */
const STATES = /^(08...|57P0[1-5]|53300|25P0[34])$/;
const CODES: ReadonlySet<string> = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]);
/** pg gives these no code. */
const MESSAGES =
  /^(Connection terminated|Query read timeout|Client has encountered a connection error|Client was closed)/;

/** True where the connection to the database was lost, or there was none to be had. */
export function isDatabaseUnreachable(error: unknown): boolean {
  let at = error;
  for (let depth = 0; depth < CAUSES_MAX_COUNT && at instanceof Error; depth += 1) {
    if (at instanceof ConnectError || MESSAGES.test(at.message)) return true;
    if ('code' in at && CODES.has(String(at.code))) return true;
    if (STATES.test(sqlStateOf(at) ?? '')) return true;
    at = at.cause;
  }
  return false;
}
