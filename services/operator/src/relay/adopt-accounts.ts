import {
  accountColumns,
  adoptAccounts,
  type PublishedAccount,
  type Session,
} from '@latchkey/postgres';
import type { PublishedRecord } from '@latchkey/publication';
import { dataIn } from './data-in.ts';

const MAX_ACCOUNTS_AT_ONCE = 1_000;

/** How many accounts that the database had forgotten are known again, and how many cannot be. */
export interface Adopted {
  /** They are known again, and will be decided anew. */
  readonly adopted: number;
  /** Their people are not known to the database. */
  readonly unknown: number;
}

/**
 * Makes accounts known again that messages tell of and the database has forgotten. Events that are read again need not bring them
 * about: a person who joined and left in one batch never had any. Consumers would keep them as they were published last.
 */
export class AccountAdoption {
  readonly byPartition = new Map<number, Adopted>();
  readonly #session: Pick<Session, 'run'>;

  constructor(session: Pick<Session, 'run'>) {
    this.#session = session;
  }

  /** @param records - of what the database lost */
  async take(partition: number, records: readonly PublishedRecord[]): Promise<void> {
    const accounts = [...new Map(records.flatMap(accountIn)).values()];
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

/** By its id; none where it is no message about an account. */
function accountIn(record: PublishedRecord): readonly (readonly [string, PublishedAccount])[] {
  const data = dataIn('latchkey.access.desired.v1', record);
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
