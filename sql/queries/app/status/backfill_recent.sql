-- Rows and seconds of the last half minute of the backfill, for rate and ETA.
select coalesce(sum(rows), 0)::bigint as done_rows,
       coalesce(extract(epoch from clock_timestamp() - min(done_at - seconds * interval '1 second')), 0) as in_seconds
from crossfade.chunk
where migration = $1 and done_at > clock_timestamp() - interval '30 seconds'
