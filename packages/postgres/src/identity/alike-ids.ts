import { sql } from 'kysely';
import type { Tx } from '../in-transaction.ts';
import { encodeRows, type RowParameters, selectRows } from '../row-parameters.ts';
import { statement } from '../statement.ts';
import { IDENTITY_KEY, type IdentityKey } from './identity-rows.ts';

/** A known person whose id differs from another's in its spelling only. */
export interface AlikeId {
  /** The unknown person. */
  readonly identityId: string;
  /** The external id, of the same source, that is known. */
  readonly alike: string;
}

/** Names at most that are shown for each id. */
const MAX_ALIKE = 10;
/** People whose id is alike, known or not, that are looked at for each id. */
const MAX_LOOKED_AT = 50;

/**
 * People of the same source whose external id is alike when folded (`folded_id` says how) and who are known:
 * a `joined` or `stated` tells of them. At most ten for each of these ids, among the first 50 that are alike, in
 * the order of their ids.
 */
export async function listAlikeIds(
  tx: Tx,
  ids: readonly IdentityKey[],
): Promise<readonly AlikeId[]> {
  if (ids.length === 0) return [];
  const rows = ids.toSorted((a, b) => (a.identityId < b.identityId ? -1 : 1));
  const limits = { most: MAX_ALIKE, looked: MAX_LOOKED_AT };
  return tx.run(selectAlikeIds, { ...encodeRows(IDENTITY_KEY, rows), ...limits });
}

const selectAlikeIds = statement<
  RowParameters<typeof IDENTITY_KEY> & { most: number; looked: number },
  AlikeId
>(
  'select_alike_ids',
  (p) => sql`
    select wanted.identity_id as "identityId", known.external_id as alike
    from (${selectRows(IDENTITY_KEY, p)}) as wanted
    cross join lateral (
      select alike.external_id
      from (
        select identity.identity_id, identity.external_id
        from identity
        where identity.source = wanted.source
          and folded_id(identity.external_id) = folded_id(wanted.external_id)
          and identity.external_id <> wanted.external_id
        order by identity.external_id
        limit ${p.looked}
      ) as alike
      where exists (
        select from fact
        where fact.identity_id = alike.identity_id and fact.kind in ('joined', 'stated')
          and fact.voided_at is null
      )
      order by alike.external_id
      limit ${p.most}
    ) as known
    order by wanted.ordinal, known.external_id`,
);
