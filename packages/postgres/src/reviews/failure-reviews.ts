import { sql } from 'kysely';
import { statement } from '../statement.ts';

/** An open review that says why its subject could not be decided. */
export interface FailureReview {
  readonly reviewId: string;
  readonly subject: string;
}

/** Of identities by id, but for `sweep_failed`: of verifications by id. */
export type FailureKind = 'clock_failed' | 'identity_undecided' | 'sweep_failed';

/**
 * The open reviews that say why these could not be decided, under any policy and by any version. The caller has locked the
 * subjects.
 */
export const listFailureReviews = statement<
  { readonly kinds: readonly FailureKind[]; readonly subjects: readonly string[] },
  FailureReview
>(
  'list_failure_reviews',
  // The kinds once more as they are in the condition of the index.
  (p) => sql`
    select review_id as "reviewId", subject from review
    where subject = any (${p.subjects}::text[]) and state = 'open' and kind = any (${p.kinds}::text[])
      and kind in ('clock_failed', 'identity_undecided', 'sweep_failed')`,
);
