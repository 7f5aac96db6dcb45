select direction, phase = 'completed' as completed from crossfade.migration where name = $1
