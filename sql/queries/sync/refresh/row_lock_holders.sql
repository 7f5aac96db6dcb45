-- Who may have rows of table $1, or of a table that it refers to, locked: other sessions with more than a reader's lock on one of them,
-- and prepared transactions. In one text, the oldest first; null where nobody has any more.
with tables as (
  select t.relid from (select $1::text::regclass as oid union select confrelid from pg_constraint where contype = 'f' and conrelid = $1::text::regclass) r
  cross join lateral (select r.oid as relid union select p.relid from pg_partition_tree(r.oid) p) t
), held as (
  select l.pid, l.virtualtransaction from pg_locks l
  where l.granted and l.locktype = 'relation' and l.mode <> 'AccessShareLock'
    and l.database = (select oid from pg_database where datname = current_database()) and l.relation in (select relid from tables)
)
select string_agg(h.who, '; ' order by h.since) as holders
from (
  select a.xact_start as since, crossfade.session_said(a.pid, a.usename, a.application_name, a.state, a.xact_start, a.query) as who
  from pg_stat_activity a
  where a.pid in (select pid from held) and a.pid <> pg_backend_pid() and a.application_name not like 'crossfade %'
  union all
  select p.prepared, format('prepared transaction %L (%s, for %s s)', p.gid, p.owner, extract(epoch from clock_timestamp() - p.prepared)::int)
  from pg_prepared_xacts p
  where p.transaction in (select t.transactionid from pg_locks t join held on held.virtualtransaction = t.virtualtransaction
                          where t.pid is null and held.pid is null and t.locktype = 'transactionid')
) h
