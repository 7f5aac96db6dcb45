select at, flip, attempt, step, milliseconds, outcome from crossfade.cutover_step where migration = $1 order by id desc limit 200
