update crossfade.leader set renewed_at = clock_timestamp() where migration = $1 and epoch = $2::bigint
