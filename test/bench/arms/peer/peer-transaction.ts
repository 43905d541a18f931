import type { Tx } from '@latchkey/postgres';
import type { DatabaseClient } from 'pg-transactional-outbox';
import { columnTypes } from '../../../../packages/postgres/src/column-types.ts';

/** Runs our statements in a transaction that the peer begins and commits. */
export interface PeerTransaction extends Tx {
  /** Sends the queued statements. Resolves when all are answered. */
  flush(): Promise<void>;
}

export function peerTransaction(client: DatabaseClient): PeerTransaction {
  const last: (() => Promise<unknown>)[] = [];
  const run: Tx['run'] = async (statement, parameters) => {
    const values = statement.parameters.map((name) => parameters[name]);
    const { name, text } = statement;
    // Only for these queries: the peer expects the driver's default types in its columns.
    const { rows } = await client.query({ name, text, values, types: columnTypes });
    return rows as never;
  };
  return {
    run,
    finally: (statement, parameters) => last.push(() => run(statement, parameters)),
    // One round trip for all of them, as in production.
    flush: async () => {
      await Promise.all(last.splice(0).map((send) => send()));
    },
  };
}
