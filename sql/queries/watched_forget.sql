delete from crossfade.watched where migration = $1 and direction = $2
