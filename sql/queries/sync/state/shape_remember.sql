select crossfade.remember_shape($1, $2, $3::boolean)
