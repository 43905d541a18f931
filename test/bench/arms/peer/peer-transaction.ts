import type { Tx } from '@latchkey/postgres';
import type { DatabaseClient } from 'pg-transactional-outbox';
import { columnTypes } from '../../../../packages/postgres/src/column-types.ts';

/** Our statements inside a transaction that the peer has begun and will commit. */
export interface PeerTransaction extends Tx {
  /** Sends what was put behind; resolves when all of it was answered. */
  flush(): Promise<void>;
}

export function peerTransaction(client: DatabaseClient): PeerTransaction {
  const last: (() => Promise<unknown>)[] = [];
  const run: Tx['run'] = async (statement, parameters) => {
    const values = statement.parameters.map((name) => parameters[name]);
    const { name, text } = statement;
    // For these queries only: the peer expects its own columns as the driver has them.
    const { rows } = await client.query({ name, text, values, types: columnTypes });
    return rows as never;
  };
  return {
    run,
    finally: (statement, parameters) => last.push(() => run(statement, parameters)),
    // All of them in one round trip, as ours.
    flush: async () => {
      await Promise.all(last.splice(0).map((send) => send()));
    },
  };
}
