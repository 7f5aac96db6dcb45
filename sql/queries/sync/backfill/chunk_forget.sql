delete from crossfade.chunk where migration = $1 and target = $2
