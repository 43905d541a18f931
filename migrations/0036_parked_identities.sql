-- outside a transaction: identities are changed meanwhile. Finds those that an older version has parked.
drop index concurrently if exists identity_parked;
create index concurrently identity_parked on identity (identity_id) where parked_at is not null;
-- A decision resolves the reviews that say why there was none.
drop index concurrently if exists review_failure;
create index concurrently review_failure on review (subject)
  where state = 'open' and kind in ('clock_failed', 'identity_undecided', 'sweep_failed');
