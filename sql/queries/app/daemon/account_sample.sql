select source, unaccounted_rows from crossfade.account where migration = $1
