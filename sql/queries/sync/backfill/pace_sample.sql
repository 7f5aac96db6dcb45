-- What is beyond its bound just now, and when that is. Our own sessions do not count, nor does what reads our slot ($2). That the
-- slot lives is a bound nobody has to set: with a quarter of what the server allows it left, the backfill makes no more WAL.
select case
         when (select count(*) from pg_stat_activity a
               where a.state = 'active' and a.backend_type = 'client backend' and a.application_name not like 'crossfade %') > m.pace_sessions
           then 'sessions'
         when (select max(r.replay_lag) from pg_stat_replication r
               where r.application_name not like 'crossfade %') > m.pace_replica_lag
           then 'replica_lag'
         when (select s.safe_wal_size < pg_size_bytes(current_setting('max_slot_wal_keep_size')) / 4
                      or pg_wal_lsn_diff(pg_current_wal_insert_lsn(), s.restart_lsn) > m.pace_retained_wal
               from pg_replication_slots s where s.slot_name = $2)
           then 'retained_wal'
         else ''
       end as held_back_by,
       extract(epoch from clock_timestamp()) as sampled_at
from crossfade.migration m
where m.name = $1
