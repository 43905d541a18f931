import {
  accountColumns,
  adoptAccounts,
  type PublishedAccount,
  type Session,
} from '@latchkey/postgres';
import type { PublishedRecord } from '@latchkey/publication';
import { parseMessage } from '../parse-message.ts';

const MAX_ACCOUNTS_AT_ONCE = 1_000;

/** Counts of accounts that were published and that the database had lost. */
export interface AdoptedAccounts {
  /** The database has them again, and will decide on them. */
  readonly adopted: number;
  /** The database does not have their identities. */
  readonly unknown: number;
}

/**
 * Inserts accounts that were published and that the database has lost. Reading the events again need not create them: an
 * identity that joined and left in one batch never had any. Consumers would keep them as they were published last.
 */
export class AccountAdopter {
  readonly byPartition = new Map<number, AdoptedAccounts>();
  readonly #session: Pick<Session, 'run'>;

  constructor(session: Pick<Session, 'run'>) {
    this.#session = session;
  }

  /** @param records - messages that the database lost */
  async adopt(partition: number, records: readonly PublishedRecord[]): Promise<void> {
    const accounts = [...new Map(records.flatMap(parseAccount)).values()];
    for (let at = 0; at < accounts.length; at += MAX_ACCOUNTS_AT_ONCE) {
      const some = accounts.slice(at, at + MAX_ACCOUNTS_AT_ONCE);
      // eslint-disable-next-line no-await-in-loop -- part by part
      const [counts] = await this.#session.run(adoptAccounts, accountColumns(some));
      const before = this.byPartition.get(partition) ?? { adopted: 0, unknown: 0 };
      this.byPartition.set(partition, {
        adopted: before.adopted + (counts?.adopted ?? 0),
        unknown: before.unknown + (counts?.unknown ?? 0),
      });
    }
  }
}

/** The account with its id; empty where the message is not about an account. */
function parseAccount(record: PublishedRecord): readonly (readonly [string, PublishedAccount])[] {
  const data = parseMessage('latchkey.access.desired.v1', record);
  if (data === undefined) return [];
  const { accountId, identityId, target, generation, account } = data;
  const published = {
    accountId,
    identityId,
    target,
    state: account.state,
    userName: account.userName ?? '',
    attributes: JSON.stringify(account.attributes),
    generation: BigInt(generation),
  };
  return [[accountId, published]];
}
