-- Daemons that wait for the lease of migration $1, by what their sessions call themselves.
select substr(a.application_name, char_length(p.prefix) + 1)
from pg_stat_activity a, (select 'crossfade ' || $1 || ' standby ' as prefix) p
where a.datname = current_database() and starts_with(a.application_name, p.prefix)
order by 1
