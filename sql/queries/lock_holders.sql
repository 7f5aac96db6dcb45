-- Who may have kept a flip from its locks: sessions with a lock on one of the relations that readers and writers of it ($2), or
-- writers alone, would conflict with; or with more than a reader's on the route.
select a.pid, format('pid %s (%s, %s for %s s): %s', a.pid, a.usename, a.state,
                     extract(epoch from clock_timestamp() - a.xact_start)::int, left(a.query, 200)) as who,
       a.backend_type = 'client backend' and a.application_name not like 'crossfade %' as may_be_ended
from pg_stat_activity a
where a.pid <> pg_backend_pid() and a.pid in (
  select l.pid from pg_locks l
  where l.granted and l.locktype = 'relation'
    and l.database = (select oid from pg_database where datname = current_database())
    and (l.relation in (select to_regclass(name) from unnest($1::text[]) name)
         and ($2::boolean or l.mode not in ('AccessShareLock', 'RowShareLock'))
         or l.relation = 'crossfade.reads'::regclass and l.mode <> 'AccessShareLock'))
order by a.xact_start
