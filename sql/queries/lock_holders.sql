-- Who may have kept a flip from its locks: sessions with a lock on one of the views, or more than a reader's on the route.
select coalesce(string_agg(distinct format('pid %s (%s, %s for %s s): %s', a.pid, a.usename, a.state,
                                           extract(epoch from clock_timestamp() - a.xact_start)::int, left(a.query, 200)), '; '), '')
from pg_locks l join pg_stat_activity a on a.pid = l.pid
where l.granted and l.locktype = 'relation' and l.pid <> pg_backend_pid()
  and l.database = (select oid from pg_database where datname = current_database())
  and (l.relation in (select to_regclass(view) from unnest($1::text[]) view)
       or l.relation = 'crossfade.reads'::regclass and l.mode <> 'AccessShareLock')
