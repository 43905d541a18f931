import { Client } from 'pg';
import { type DatabasePollingSetupConfig, DatabaseSetup } from 'pg-transactional-outbox';

/** Schema of its tables, separate from ours. */
export const PEER_SCHEMA = 'peer';

/** Creates its two tables with its own setup: columns, indexes, polling functions. */
export async function createPeerTables(url: string): Promise<void> {
  await withClient(url, async (client) => {
    for (const outboxOrInbox of ['inbox', 'outbox'] as const) {
      const config: DatabasePollingSetupConfig = {
        outboxOrInbox,
        database: '',
        schema: PEER_SCHEMA,
        table: outboxOrInbox,
        listenerRole: '',
        nextMessagesName: `next_${outboxOrInbox}_messages`,
      };
      await client.query(DatabaseSetup.dropAndCreateTable(config));
      await client.query(DatabaseSetup.createPollingFunction(config));
      await client.query(DatabaseSetup.setupPollingIndexes(config));
    }
  });
}

async function withClient(url: string, work: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
