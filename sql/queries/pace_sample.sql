-- What is beyond its bound just now, and when that is. Our own sessions do not count, nor does what reads our slot.
select case
         when (select count(*) from pg_stat_activity a
               where a.state = 'active' and a.backend_type = 'client backend' and a.application_name not like 'crossfade %') > m.pace_sessions
           then 'sessions'
         when (select max(r.replay_lag) from pg_stat_replication r
               where r.application_name not like 'crossfade %') > m.pace_replica_lag
           then 'replica_lag'
         else ''
       end,
       extract(epoch from clock_timestamp())
from crossfade.migration m
where m.name = $1
