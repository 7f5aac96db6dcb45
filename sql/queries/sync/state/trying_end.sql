delete from crossfade.trying where migration = $1
