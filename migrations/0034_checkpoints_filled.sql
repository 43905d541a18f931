-- outside a transaction: it reads the whole record, and services continue meanwhile.
call fill_fact_bytes();
alter table identity validate constraint identity_fact_bytes_check;
-- A run that was interrupted has left an index that is not valid.
drop index concurrently if exists fact_engagement;
create index concurrently fact_engagement on fact (identity_id, source, engagement, source_order);
-- The new one begins with the same column.
drop index concurrently if exists fact_identity;
