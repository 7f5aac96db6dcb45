-- On v1's server, once v2 is open on its own: nothing follows v1 any more.
update crossfade.migration set direction = 'reverse', turned_at = clock_timestamp(), phase = 'completed', phase_since = clock_timestamp()
where name = $1 and phase <> 'completed'
