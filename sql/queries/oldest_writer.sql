select format('pid %s (user %s, since %s s): %s', pid, usename, round(extract(epoch from now() - xact_start)), left(query, 80))
from pg_stat_activity
where backend_xid is not null and pid <> pg_backend_pid()
order by xact_start
limit 1
