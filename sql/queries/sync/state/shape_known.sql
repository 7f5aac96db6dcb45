select exists (select from crossfade.shape where migration = $1 and direction = $2)
