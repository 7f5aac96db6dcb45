select crossfade.take_lease($1, $2)
