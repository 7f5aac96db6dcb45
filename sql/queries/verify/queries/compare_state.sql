-- Of migration $1: whether v2 owns the data, whether v2 has what was committed before $2, whether a daemon works, and where the
-- log ends.
select m.direction = 'reverse' as on_v2, c.consistent_lsn >= coalesce($2::pg_lsn, '0/0') as caught_up,
       exists (select from crossfade.leader l where l.migration = m.name and l.renewed_at > clock_timestamp() - interval '10 seconds') as daemon_works,
       pg_current_wal_insert_lsn() as end_of_wal
from crossfade.migration m join crossfade.checkpoint c on c.migration = m.name
where m.name = $1
