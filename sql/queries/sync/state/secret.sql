select word from crossfade.secret where migration = $1
