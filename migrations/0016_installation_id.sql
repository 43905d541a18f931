-- Which installation publishes an output topic: the relay commits the id to Kafka with its positions. Made once, and
-- kept by backups and clones: those are the same installation, and the anchor tells which of them is behind.
alter table output_state add column installation_id uuid not null default gen_random_uuid();
