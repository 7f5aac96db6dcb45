select count(*) from crossfade.migration
