import { sql } from 'kysely';
import { columnsOf, type RowColumns, selectRows } from '../rows.ts';
import { statement } from '../statement.ts';

/** An account as a message said that it shall be, without its entitlements. */
export interface PublishedAccount {
  readonly accountId: string;
  readonly identityId: string;
  readonly target: string;
  readonly state: string;
  readonly userName: string;
  /** JSON text of an object. */
  readonly attributes: string;
  readonly generation: bigint;
}

const ACCOUNT = {
  account_id: 'uuid',
  identity_id: 'uuid',
  target: 'text',
  state: 'text',
  user_name: 'text',
  attributes: 'text',
  generation: 'bigint',
} as const;

type AccountColumns = RowColumns<typeof ACCOUNT>;

/** @param accounts - at most one row of an account */
export function accountColumns(accounts: readonly PublishedAccount[]): AccountColumns {
  const rows = accounts
    .toSorted((a, b) => (a.accountId < b.accountId ? -1 : 1))
    .map((account) => ({
      account_id: account.accountId,
      identity_id: account.identityId,
      target: account.target,
      state: account.state,
      user_name: account.userName,
      attributes: account.attributes,
      generation: account.generation,
    }));
  return columnsOf(ACCOUNT, rows);
}

/**
 * Makes those of these accounts that are not known, of people who are, and has the clock decide about these people at once.
 * Those that are known stay as they are. `adopted` counts what was made, `unknown` those of people who are not known.
 */
export const adoptAccounts = statement<AccountColumns, { adopted: number; unknown: number }>(
  'adopt_accounts',
  (p) => sql`
    with published as (${selectRows(ACCOUNT, p)}),
    known as (
      select identity_id from identity
      where identity_id in (select identity_id from published) and lifecycle is not null
      order by identity_id
      for no key update
    ),
    adopted as (
      insert into account (account_id, identity_id, target, state, user_name, attributes, generation, disabled_at)
      select account_id, identity_id, target, state, user_name, attributes, generation,
        case state when 'disabled' then transaction_timestamp() end
      from published join known using (identity_id)
      order by account_id
      on conflict do nothing
      returning identity_id
    ),
    woken as (
      update identity set next_transition_at = least(next_transition_at, transaction_timestamp())
      where identity_id in (select identity_id from adopted)
    )
    select (select count(*)::integer from adopted) as adopted,
      (select count(*)::integer from published
        where identity_id not in (select identity_id from known)) as unknown`,
);
