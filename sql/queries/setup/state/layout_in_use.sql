-- Daemons that work with the tables as they are, of whatever migration. Whoever is not of their role is not told when a session
-- began.
select coalesce(string_agg(format('%s (migration %s)', l.holder, l.migration), ', '), '')
from crossfade.leader l join pg_stat_activity a on a.pid = l.pid and coalesce(a.backend_start, l.backend_start) = l.backend_start
where l.renewed_at > clock_timestamp() - interval '10 seconds'
