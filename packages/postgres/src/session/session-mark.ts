import { Failure } from '@latchkey/contracts';
import type pg from 'pg';

/** A custom setting that identifies a session of the server. */
export const MARK = 'latchkey.session';

/** Answers with the mark of the session of the server. */
export const READ_MARK = `select pg_catalog.current_setting('${MARK}', true) as mark`;

/** Connections through a pooler, with the mark of the session that we have set up. */
const pooled = new WeakMap<pg.ClientBase, string>();

/** From now on each transaction of this connection makes sure that it is in this session. */
export function markPooled(client: pg.ClientBase, mark: string): void {
  pooled.set(client, mark);
}

/** The mark that each transaction of a connection must find; undefined where there is no pooler. */
export function markOf(client: pg.ClientBase): string | undefined {
  return pooled.get(client);
}

/** The last rows of an answer, which is a list where the text contained several statements. */
type Answer =
  | { readonly rows: readonly unknown[] }
  | readonly { readonly rows: readonly unknown[] }[];

/** @throws Failure DATABASE_SESSION where the answer to `READ_MARK` came from another session */
export function checkMark(mark: string, answer: Answer): void {
  const last = 'rows' in answer ? answer : answer.at(-1);
  const [row] = (last?.rows ?? []) as readonly { readonly mark?: unknown }[];
  if (row?.mark !== mark) throw sharedSession();
}

/** The failure where a pooler is in transaction or statement mode. */
export function sharedSession(cause?: unknown): Failure {
  const problems = [
    'a connection pooler gives the session to others between transactions: role, time-outs, locks and ' +
      'prepared statements do not last. Set it to session mode, or connect past it',
  ];
  return new Failure('DATABASE_SESSION', { problems }, { cause });
}
