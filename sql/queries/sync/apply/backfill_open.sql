select target from crossfade.backfill where migration = $1 and finished_at is null
