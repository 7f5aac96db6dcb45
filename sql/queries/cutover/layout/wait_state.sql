-- The lag by heartbeat: what the last one took, or its age once the next one is overdue. Beats are a second apart.
select m.phase, c.consistent_lsn >= coalesce($2::pg_lsn, '0/0') as reached, crossfade.leader_lives(m.name) as led, pg_current_wal_insert_lsn() as now,
       extract(epoch from case when clock_timestamp() - c.beat_sent_at < interval '2 seconds' then c.beat_applied_at - c.beat_sent_at
                               else clock_timestamp() - c.beat_sent_at end) as lag_seconds
from crossfade.migration m join crossfade.checkpoint c on c.migration = m.name
where m.name = $1
