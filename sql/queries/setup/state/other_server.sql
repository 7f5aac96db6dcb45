select here, id, place from crossfade.other_server where migration = $1
