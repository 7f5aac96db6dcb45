update crossfade.migration set phase = 'backfilling', phase_since = now() where name = $1 and phase = 'prepared'
