-- One read of the table, no rewrite. With the id itself, so that few of many that are alike are read.
create index if not exists identity_folded on identity (source, folded_id(external_id), external_id);
