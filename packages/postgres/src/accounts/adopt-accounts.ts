import { sql } from 'kysely';
import { encodeRows, type RowParameters, selectRows } from '../row-parameters.ts';
import { listColumns, pickColumns, type RowOf } from '../row-spec.ts';
import { statement } from '../statement.ts';
import { ACCOUNT } from './account-rows.ts';

const PUBLISHED = pickColumns(ACCOUNT, [
  'accountId',
  'identityId',
  'target',
  'state',
  'userName',
  'attributes',
  'generation',
]);

/** An account as a message states it, without its entitlements. */
export type PublishedAccount = RowOf<typeof PUBLISHED>;

/** @param accounts - at most one row of an account */
export function accountColumns(
  accounts: readonly PublishedAccount[],
): RowParameters<typeof PUBLISHED> {
  return encodeRows(
    PUBLISHED,
    accounts.toSorted((a, b) => (a.accountId < b.accountId ? -1 : 1)),
  );
}

/**
 * Inserts those of these accounts that are not known, of known identities, and makes these identities due at once.
 * Known accounts stay as they are. `adopted` counts what was inserted, `unknown` the accounts of unknown identities.
 */
export const adoptAccounts = statement<
  RowParameters<typeof PUBLISHED>,
  { adopted: number; unknown: number }
>(
  'adopt_accounts',
  (p) => sql`
    with published as (${selectRows(PUBLISHED, p)}),
    known as (
      select identity_id from identity
      where identity_id in (select identity_id from published) and lifecycle is not null
      order by identity_id
      for no key update
    ),
    adopted as (
      insert into account (${listColumns(PUBLISHED)}, disabled_at)
      select ${listColumns(PUBLISHED)},
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
