-- All that the database knows of a migration's state, in one row.
select m.phase, extract(epoch from m.phase_since) as phase_since, extract(epoch from m.paused_since) as paused_since,
       coalesce((select holder from crossfade.leader l where l.migration = m.name and l.renewed_at > clock_timestamp() - interval '10 seconds'
        and exists (select from pg_stat_activity a where a.pid = l.pid and coalesce(a.backend_start, l.backend_start) = l.backend_start)), '') as leader,
       t.holder as trying, extract(epoch from t.since) as trying_since, t.message as trying_message, t.advice as trying_advice,
       coalesce((select percent from crossfade.reads r where r.migration = m.name), 0) as percent,
       (select count(*) from crossfade.quarantine q where q.migration = m.name and q.accepted_by is null) as quarantined,
       l.message as locked, l.keys as locked_keys,
       extract(epoch from v.ended_at) as verified_at, v.lsn as verified_lsn, v.compared_rows, v.drifted_rows,
       extract(epoch from clock_timestamp() - v.ended_at) as verified_seconds_ago,
       (select sum(unaccounted_rows) from crossfade.account a where a.migration = m.name) as unaccounted_rows,
       case when c.readable_lsn > c.consistent_lsn then c.readable_but else '{}' end as behind,
       c.consistent_lsn, c.settled_lsn, pg_current_wal_flush_lsn() as end_of_wal
from crossfade.migration m
left join crossfade.checkpoint c on c.migration = m.name
-- It tries every few seconds, and may wait for an answer as long.
left join crossfade.trying t on t.migration = m.name and t.tried_at > clock_timestamp() - interval '30 seconds'
left join lateral (select max(message) as message, count(*) as keys from crossfade.quarantine q where q.migration = m.name and q.sqlstate = '55P03') l on true
left join lateral (select * from crossfade.verification v where v.migration = m.name and v.whole order by v.id desc limit 1) v on true
where m.name = $1
