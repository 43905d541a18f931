-- How a report ended is in its own row, and no more in that of its claim: whoever claims again reads it there.
grant select (event_id, fingerprint, disposition, final_state) on verification_callback
  to latchkey_reconciler;
