-- One flip of a migration at a time, for as long as this session lives; the session that has it otherwise.
select pg_try_advisory_lock(hashtextextended('crossfade flip ' || $1, 0)) as alone,
       coalesce((select string_agg(concat_ws(', ', nullif(a.application_name, ''), format('pid %s (%s) since %s', a.pid, a.usename, a.backend_start)), ', ')
                 from pg_locks l join pg_stat_activity a on a.pid = l.pid
                 where l.locktype = 'advisory' and l.granted and l.database = (select oid from pg_database where datname = current_database())
                   and l.pid <> pg_backend_pid()
                   and (l.classid::bigint << 32 | l.objid::bigint) = hashtextextended('crossfade flip ' || $1, 0)), '') as others
