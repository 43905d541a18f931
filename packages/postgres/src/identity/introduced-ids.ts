import { sql } from 'kysely';
import { type RowParameters, selectRows } from '../row-parameters.ts';
import { statement } from '../statement.ts';
import { IDENTITY_ID } from './identity-rows.ts';

/** Those of these identities that a `joined` or `stated` names; of each, facts are read up to the first such one. */
export const listIntroducedIds = statement<
  RowParameters<typeof IDENTITY_ID>,
  { readonly identityId: string }
>(
  'list_introduced_ids',
  (p) => sql`
    select wanted.identity_id as "identityId"
    from (${selectRows(IDENTITY_ID, p)}) as wanted
    cross join lateral (
      select from fact
      where fact.identity_id = wanted.identity_id and fact.kind in ('joined', 'stated')
        and fact.engagement is not null and fact.voided_at is null
      limit 1
    ) as introducing`,
);
