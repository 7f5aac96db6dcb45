-- The foreign keys that were left out until the flip are there, and hold.
delete from crossfade.deferred where migration = $1 and stage = 3
