select m.phase, c.consistent_lsn >= coalesce($2::pg_lsn, '0/0'), extract(epoch from clock_timestamp() - c.settled_at)
from crossfade.migration m join crossfade.checkpoint c on c.migration = m.name
where m.name = $1
