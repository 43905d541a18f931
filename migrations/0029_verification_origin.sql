-- Where the delivery came from that first named the verification.

alter table verification
  add column origin text not null default 'kafka',
  -- Not validated, so that no row is read under the lock: no existing row can break it.
  add constraint verification_origin_check check (origin in ('kafka', 'operator')) not valid;
