select direction, phase = 'completed' from crossfade.migration where name = $1
