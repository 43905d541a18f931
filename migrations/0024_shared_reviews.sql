-- A person who shares a review with many others has a row of their own, in state 'shared'; see ADR 0035.
-- Expands: an older version neither makes such a row nor ends one.
alter table review
  drop constraint review_state_check,
  -- Not validated, so that nothing is read under the lock: whatever the narrower one let in, this one does.
  add constraint review_state_check check (state in ('open', 'resolved', 'shared')) not valid;
