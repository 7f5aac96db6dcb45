select phase, direction from crossfade.migration where name = $1
