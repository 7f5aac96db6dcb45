-- How far migration $1 can be read, where the log ends, and whether a daemon works on it.
select c.consistent_lsn, pg_current_wal_flush_lsn() as end_of_wal,
       exists (select from crossfade.leader l where l.migration = $1 and l.renewed_at > clock_timestamp() - interval '10 seconds') as engine_running
from crossfade.checkpoint c
where c.migration = $1
