select direction from crossfade.migration where name = $1
