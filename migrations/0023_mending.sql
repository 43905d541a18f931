-- Which lanes are being mended. Expands: an older version does not look at it.

alter table relay_position
  -- What stands behind this position is being given new positions, piece by piece; null: nothing is. Until it is done
  -- the relay publishes nothing of the topic.
  add column mending_after bigint check (mending_after >= 0);
