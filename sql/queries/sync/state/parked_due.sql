-- Target $2 of migration $1 is on trial at once.
update crossfade.parked set next_at = now() where migration = $1 and target = $2
