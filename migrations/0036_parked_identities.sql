-- outside a transaction: identities are changed meanwhile. Finds those that an older version has parked.
drop index concurrently if exists identity_parked;
create index concurrently identity_parked on identity (identity_id) where parked_at is not null;
