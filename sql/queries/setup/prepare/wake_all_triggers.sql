select crossfade.wake_triggers($1, relation) from (select distinct relation::regclass from crossfade.resting where migration = $1) resting
