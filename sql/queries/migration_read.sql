select phase, extract(epoch from phase_since), paused_since is not null from crossfade.migration where name = $1
