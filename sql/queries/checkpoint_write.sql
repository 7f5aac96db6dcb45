-- The lease is looked at in the transaction that writes: a leader that was paused and comes back is refused.
update crossfade.checkpoint c
set settled_lsn = greatest(c.settled_lsn, $2::pg_lsn), consistent_lsn = greatest(c.consistent_lsn, coalesce($3::pg_lsn, c.consistent_lsn)),
    settled_at = clock_timestamp()
from (select from crossfade.lease where migration = $1 and epoch = $4::bigint for share) held
where c.migration = $1
returning extract(epoch from clock_timestamp())
