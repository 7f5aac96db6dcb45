with parked as (update crossfade.parked set next_at = now() where migration = $1)
update crossfade.quarantine set next_at = now() where migration = $1
