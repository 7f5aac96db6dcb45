-- Which bounds of migration $1's pace our role cannot hold: what other roles' sessions and walsenders do is hidden from it. "" none.
select current_user as role,
       concat_ws(', ', case when m.pace_sessions is not null then '--sessions' end, case when m.pace_replica_lag is not null then '--replica-lag' end) as bounds
from crossfade.migration m
where m.name = $1 and not pg_has_role('pg_read_all_stats', 'usage')
