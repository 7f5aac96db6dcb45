select crossfade.enable_triggers($1, relation) from (select distinct relation::regclass from crossfade.disabled_trigger where migration = $1) resting
