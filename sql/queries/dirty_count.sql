select count(*) from crossfade.dirty where migration = $1
