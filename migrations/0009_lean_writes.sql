-- What intake pays for with every row, and needs no more.

-- Foreign keys. No service may delete from a table that these pointed to, or change its key, and whoever
-- writes a row has locked or made what it belongs to in the same transaction. See ADR 0017.
alter table fact drop constraint fact_identity_id_fkey;
alter table engagement drop constraint engagement_identity_id_fkey;
alter table account drop constraint account_identity_id_fkey;
alter table assignment drop constraint assignment_account_id_fkey;
alter table verification_attempt drop constraint verification_attempt_verification_id_fkey;
alter table verification_callback drop constraint verification_callback_verification_id_fkey;
alter table outbox drop constraint outbox_lane_fkey;
