-- Transactions that a flip would wait for: those with a lock on one of the tables, and, as the making of a slot waits for every
-- writer of the server, those that have written anything.
select format('pid %s (%s, %s for %s s): %s', a.pid, a.usename, a.state, extract(epoch from clock_timestamp() - a.xact_start)::int, left(a.query, 200)) as who,
       format('let it end, or end it: select pg_terminate_backend(%s)', a.pid) as mend
from pg_stat_activity a
where a.pid <> pg_backend_pid() and a.backend_type = 'client backend' and a.application_name not like 'crossfade %'
  and a.xact_start < clock_timestamp() - make_interval(secs => $2::double precision)
  and (a.backend_xid is not null or exists (
    select from pg_locks l
    where l.pid = a.pid and l.granted and l.locktype = 'relation'
      and l.database = (select oid from pg_database where datname = current_database())
      and l.relation in (select * from crossfade.with_sequences($1::text[]))))
union all
select format('prepared transaction %L (%s)', gid, owner),
       format('in database %1$s: commit prepared %2$L, or rollback prepared %2$L', database, gid)
from pg_prepared_xacts where prepared < now() - make_interval(secs => $2::double precision)
