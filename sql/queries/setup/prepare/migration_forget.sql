delete from crossfade.migration where name = $1
