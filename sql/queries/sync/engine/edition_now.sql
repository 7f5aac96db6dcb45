select max(number) from crossfade.edition where migration = $1
