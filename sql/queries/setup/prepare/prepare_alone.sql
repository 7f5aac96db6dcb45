-- One session at a time prepares or cancels a migration; the one that does otherwise, and what would end it.
select pg_try_advisory_lock(hashtextextended('crossfade prepare ' || $1, 0)) as alone, coalesce(string_agg(told.who, ', '), '') as others,
       coalesce(string_agg(told.ended_by, '; '), '') as ended_by
from (
  select format('pid %s (%s) since %s', a.pid, a.usename, a.backend_start) as who, format('select pg_terminate_backend(%s)', a.pid) as ended_by
  from pg_locks l join pg_stat_activity a on a.pid = l.pid
  where l.locktype = 'advisory' and l.granted and l.database = (select oid from pg_database where datname = current_database())
    and l.pid <> pg_backend_pid()
    and (l.classid::bigint << 32 | l.objid::bigint) = hashtextextended('crossfade prepare ' || $1, 0)
) told
