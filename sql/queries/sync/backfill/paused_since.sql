select extract(epoch from paused_since) from crossfade.migration where name = $1
