-- Who may have kept a flip from its locks: sessions and prepared transactions with a lock on one of the relations that readers and
-- writers of it ($2), or writers alone, would conflict with; or with more than a reader's on the route.
with held as (
  select l.pid, l.virtualtransaction from pg_locks l
  where l.granted and l.locktype = 'relation'
    and l.database = (select oid from pg_database where datname = current_database())
    and (l.relation in (select * from crossfade.with_sequences($1::text[]))
         and ($2::boolean or l.mode not in ('AccessShareLock', 'RowShareLock'))
         or l.relation = 'crossfade.reads'::regclass and l.mode <> 'AccessShareLock')
)
select h.pid, h.who, h.may_be_ended
from (
  select a.xact_start as since, a.pid,
         case when a.query = '<insufficient privilege>' then format('pid %s (%s); grant pg_read_all_stats to %I shows what it does', a.pid, a.usename, current_user)
           else format('pid %s (%s, %s for %s s): %s', a.pid, a.usename, a.state, extract(epoch from clock_timestamp() - a.xact_start)::int, left(a.query, 200)) end as who,
         coalesce(a.backend_type = 'client backend', false) and a.application_name not like 'crossfade %' as may_be_ended
  from pg_stat_activity a
  where a.pid <> pg_backend_pid() and a.pid in (select pid from held)
  union all
  select p.prepared, null, format('prepared transaction %L (%s, for %s s): commit or roll it back', p.gid, p.owner,
                                  extract(epoch from clock_timestamp() - p.prepared)::int), false
  from pg_prepared_xacts p
  where p.transaction in (select t.transactionid from pg_locks t join held on held.virtualtransaction = t.virtualtransaction
                          where t.pid is null and held.pid is null and t.locktype = 'transactionid')
) h
order by h.since
