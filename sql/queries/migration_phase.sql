update crossfade.migration set phase = $2, phase_since = now() where name = $1 and phase <> $2
