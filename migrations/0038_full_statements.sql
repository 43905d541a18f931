-- outside a transaction: facts are added meanwhile. Finds the lowest full statement of an engagement, however many facts
-- are below it: without one nothing can be pruned.
drop index concurrently if exists fact_stated;
create index concurrently fact_stated on fact (identity_id, source, engagement, source_order)
  where kind = 'stated' and voided_at is null;
