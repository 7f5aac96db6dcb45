-- Sessions of migration $1 that have waited for a lock for a second and more: which, since when, and for whom. In one text each, the oldest
-- first; one that waits for another session of ours is not told, for that one is. Targets whose tables another has locked. And a comparison that has to wait until whoever was at work when
-- something changed is through: for the one that began first.
with waiting as materialized (
  select a.pid, substr(a.application_name, char_length(p.prefix) + 1) as session, pg_blocking_pids(a.pid) as blocking
  from pg_stat_activity a, (select 'crossfade ' || $1 || ' ' as prefix) p
  where a.datname = current_database() and a.wait_event_type = 'Lock' and starts_with(a.application_name, p.prefix)
), told as (
  select w.session, l.waitstart as since, (
    select string_agg(h.who, '; ' order by h.since)
    from (
      select b.xact_start as since, crossfade.session_said(b.pid, b.usename, b.application_name, b.state, b.xact_start, b.query) as who
      from pg_stat_activity b where b.pid = any (w.blocking) and b.application_name not like 'crossfade %'
      union all
      select p.prepared, format('prepared transaction %L (%s, for %s s)', p.gid, p.owner, extract(epoch from clock_timestamp() - p.prepared)::int)
      from pg_prepared_xacts p
      where 0 = any (w.blocking) and exists (
        select from pg_locks t join pg_locks held on held.virtualtransaction = t.virtualtransaction and held.granted and held.pid is null
        where t.pid is null and t.locktype = 'transactionid' and t.transactionid = p.transaction
          and (held.locktype, held.database, held.relation, held.transactionid) is not distinct from (l.locktype, l.database, l.relation, l.transactionid))
    ) h
  ) as holders
  from waiting w join lateral (select * from pg_locks k where k.pid = w.pid and not k.granted limit 1) l on true
)
select session, extract(epoch from since)::float8 as since, holders
from (
  select * from told where holders is not null
  union all
  -- Nobody waits for these: it is tried again and again whether they are free.
  select 'refresh of ' || array_to_string(targets, ', '), since, who from crossfade.tables_held($1)
  union all
  -- Looked at only where somebody is at work for long: what has changed is dear to find.
  (select 'comparison', w.since, w.who
   from (select * from (select xact_start as since, crossfade.session_said(pid, usename, application_name, state, xact_start, query) as who
         from pg_stat_activity where backend_xid is not null and pid <> pg_backend_pid() and application_name not like 'crossfade %'
         union all
         select prepared, format('prepared transaction %L (%s, for %s s)', gid, owner, extract(epoch from clock_timestamp() - prepared)::int) from pg_prepared_xacts) writers
         where since < clock_timestamp() - interval '1 second' order by since limit 1) w
   where exists (select from crossfade.shape_changes($1) c where not c.in_the_way and w.since is not null))
) waits
where since < clock_timestamp() - interval '1 second'
order by since
