update crossfade.quarantine set next_at = now() where migration = $1
