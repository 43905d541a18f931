-- outside a transaction: it reads the whole table, and intake goes on meanwhile.
-- With the id itself, so that few of many that are alike are read.
-- One that was ended half-way has left an index that is not valid.
drop index concurrently if exists identity_folded;
create index concurrently identity_folded on identity (source, folded_id(external_id), external_id);
