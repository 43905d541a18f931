import { sql } from 'kysely';
import type { Tx } from '../in-transaction.ts';
import { encodeRows, type RowParameters, selectRows } from '../row-parameters.ts';
import { statement } from '../statement.ts';
import { IDENTITY_KEY, type IdentityKey } from './identity-rows.ts';

/** A known identity whose id differs from another's in its spelling only. */
export interface SimilarId {
  /** The unknown identity. */
  readonly identityId: string;
  /** The external id, of the same source, that is known. */
  readonly alike: string;
}

/** Ids that are listed for each id, at most. */
const MAX_SIMILAR = 10;
/** Identities with a similar id, known or not, that are read for each id, at most. */
const MAX_READ = 50;

/**
 * Known identities of the same source whose external id is equal when folded (`folded_id`); known means that a `joined`
 * or `stated` names them. At most ten for each of these ids, among the first 50 similar ones, in the order of their ids.
 */
export async function listSimilarIds(
  tx: Tx,
  ids: readonly IdentityKey[],
): Promise<readonly SimilarId[]> {
  if (ids.length === 0) return [];
  const rows = ids.toSorted((a, b) => (a.identityId < b.identityId ? -1 : 1));
  const limits = { most: MAX_SIMILAR, read: MAX_READ };
  return tx.run(selectSimilarIds, { ...encodeRows(IDENTITY_KEY, rows), ...limits });
}

const selectSimilarIds = statement<
  RowParameters<typeof IDENTITY_KEY> & { most: number; read: number },
  SimilarId
>(
  'select_alike_ids',
  (p) => sql`
    select wanted.identity_id as "identityId", known.external_id as alike
    from (${selectRows(IDENTITY_KEY, p)}) as wanted
    cross join lateral (
      select similar_id.external_id
      from (
        select identity.identity_id, identity.external_id
        from identity
        where identity.source = wanted.source
          and folded_id(identity.external_id) = folded_id(wanted.external_id)
          and identity.external_id <> wanted.external_id
        order by identity.external_id
        limit ${p.read}
      ) as similar_id
      where exists (
        select from fact
        where fact.identity_id = similar_id.identity_id and fact.kind in ('joined', 'stated')
          and fact.voided_at is null
      )
      order by similar_id.external_id
      limit ${p.most}
    ) as known
    order by wanted.ordinal, known.external_id`,
);
