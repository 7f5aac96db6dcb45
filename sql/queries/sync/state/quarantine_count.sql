select target, count(*) from crossfade.quarantine where migration = $1 group by target
