-- Of one target, or of all ('').
with parked as (update crossfade.parked set next_at = now() where migration = $1 and ($2 = '' or target = $2))
update crossfade.quarantine set next_at = now() where migration = $1 and ($2 = '' or target = $2)
