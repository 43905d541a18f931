import { type IdentityRow, listFailureReviews, type Tx } from '@latchkey/postgres';

const KINDS = ['clock_failed', 'identity_undecided'] as const;

/**
 * Ids of the open reviews that say why these identities could not be decided, by identity id. Queries the database only if one
 * of them is parked.
 */
export async function readFailures(
  tx: Tx,
  rows: readonly IdentityRow[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const parked = rows.filter(({ parkedAtMs }) => parkedAtMs !== null);
  if (parked.length === 0) return new Map();
  const subjects = parked.map(({ identityId }) => identityId);
  const reviews = Map.groupBy(
    await tx.run(listFailureReviews, { kinds: KINDS, subjects }),
    ({ subject }) => subject,
  );
  return new Map([...reviews].map(([id, own]) => [id, own.map(({ reviewId }) => reviewId)]));
}
