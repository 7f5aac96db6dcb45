update crossfade.backfill set finished_at = now() where migration = $1 and target = $2
