select crossfade.touch($1, $2, key) from unnest($3::text[]) key
